// One person's whole story, and what to do.

import { read, send } from "../parts/api.js";
import { facts } from "../connection/connection_parts.js";
import { button, card, every, link, make, replaceKeeping, say, table } from "../parts/dom.js";
import { address, badge, moment } from "../parts/words.js";
import { number, plural, shown } from "../parts/texts/numbers.js";
import { AUDIENCES, ORIGINS, STATE_HELP } from "../parts/texts/states.js";
import { shortName } from "../parts/workspace.js";
import { sourceName } from "../campaign/sources.js";
import { markDealtWith, sendAgain } from "./acts.js";
import { flags, nameOf, stateBadge } from "./people_list.js";
import { rightsOf } from "./person_rights.js";

export async function show({ parts }, signal) {
  const path = `/api/referrals/${encodeURIComponent(parts[0])}/${encodeURIComponent(parts[1])}`;
  const page = make("div", {});
  let last = "";
  async function load() {
    const answer = await read(path);
    const text = JSON.stringify(answer);
    if (text !== last) replaceKeeping(page, render(answer, path, load));
    last = text;
    return answer;
  }
  const first = await load();
  every(signal, 5, () => load().catch(() => null));
  return { title: nameOf(first.referral), content: [make("p", {}, link("All people", "#/activity")), page] };
}

/** The story in parts; `reload` after something was done. */
export function render(answer, path, reload) {
  const { referral } = answer;
  const again = button("Send again", async () => {
    say((await send(`${path}/replay`)).message);
    await reload();
  }, { className: ["failed", "partial"].includes(referral.state) ? "first" : "" });
  const close = referral.needs_attention ? button("Mark as dealt with", async () => {
    say((await send(`${path}/close`)).message);
    await reload();
  }) : null;
  const reason = { group: "attention", reason: referral.reason };
  const alike = referral.needs_attention && referral.reason
    ? [
        button("Send all with this reason again", async () => (await sendAgain(reason, "all with this reason")) && reload()),
        button("Mark all with this reason as dealt with", async () => (await markDealtWith(reason, "all with this reason")) && reload()),
      ]
    : [];
  const contact = referral.contact_url ? link("Open the contact in Intercom", referral.contact_url, { target: "_blank", rel: "noreferrer" }) : null;
  const now = card(
    "Where it stands",
    make("p", { className: "badges" }, stateBadge(referral.state), referral.qualified ? badge(["Converted", "good"]) : null, ...flags(referral)),
    make("p", {}, referral.reason || STATE_HELP[referral.state]),
    ...Object.values(referral.refusals).map((text) => make("p", { className: "note" }, text)),
    make("p", {}, make("strong", {}, "What to do: "), referral.what_to_do, " ", link("More about it", `#/help/${helpAbout(referral)}`)),
    referral.due_at ? make("p", { className: "soft" }, ["pending", "held"].includes(referral.state) ? "Tried next: " : "Next look for doubles: ", moment(referral.due_at)) : null,
    ...answer.notes.map((note) => make("p", { className: "note" }, note)),
    make("div", { className: "row" }, again, close, contact),
    alike.length ? make("div", { className: "row" }, ...alike) : null,
  );
  const left = answer.dropped.length ? [card("Left out", table("Attributes that were left out", ["Attribute", "Why"], answer.dropped.map((each) => [shortName(each.attribute), each.reason])))] : [];
  const rights = referral.email ? [card("Their data", make("div", { className: "row" }, ...rightsOf(referral.email, reload)))] : [];
  return [now, ...left, ...qualification(answer.qualification), card("What happened", story(answer.story)), ...referrer(answer.referrer), ...overwritten(answer, path, reload), make("div", { className: "columns" }, person(answer), written(answer)), ...rights, calls(answer.calls)];
}

function story(lines) {
  const items = lines.map((line) => make("li", {}, moment(line.at), make("strong", {}, line.sentence), line.detail ? make("span", { className: "soft" }, line.detail) : null));
  return make("ol", { className: "story" }, ...items);
}

function qualification(seen) {
  if (!seen) return [];
  const rows = [
    ["Value in Intercom", seen.value === null ? null : shown(seen.value)],
    ["Decided by", seen.by_hand ? "Somebody in Referral Factory" : "The contact in Intercom"],
    ["Confirmed", seen.confirmed_at ? moment(seen.confirmed_at) : null],
    ["Tried next", seen.due_at ? moment(seen.due_at) : null],
  ];
  return [card("Qualification", make("p", {}, seen.stands), seen.reason ? make("p", { className: "note" }, seen.reason) : null, facts(rows.filter(([, value]) => value)))];
}

function referrer(known) {
  if (!known) return [];
  const rows = Object.entries(known.written).map(([name, value]) => [make("code", {}, shortName(name)), shown(value)]);
  const when = known.due_at ? make("p", { className: "soft" }, "Brought up to date: ", moment(known.due_at)) : make("p", { className: "soft" }, "Up to date since ", moment(known.updated_at), ".");
  const none = make("p", { className: "soft" }, "Nothing yet: no attribute is mapped, or the person has no contact in Intercom.");
  return [card("As a person referring", rows.length ? table("Counts and rewards on the contact", ["Attribute", "Value"], rows) : none, when, known.note ? make("p", { className: "note" }, known.note) : null)];
}

function overwritten({ overwritten: before }, path, reload) {
  const rows = Object.entries(before).map(([name, value]) => [make("code", {}, shortName(name)), value === null || value === "" ? "(empty)" : shown(value)]);
  if (!rows.length) return [];
  const text = "The contact was in Intercom before this signup. It held these values, which the signup wrote over. What somebody has changed since stays as it is, and the signup leaves the contact alone from then on.";
  const back = button("Put back what was there", async () => {
    say((await send(`${path}/put-back`)).message);
    await reload();
  });
  return [card("What the contact held before", make("p", {}, text), table("Values that were overwritten", ["Attribute", "Held"], rows), make("div", { className: "row" }, back))];
}

function person({ person: one, referral, settings_version: version }) {
  const plain = Object.entries(one).filter(([name, value]) => typeof value !== "object" && !["user_id", "audience"].includes(name) && shown(value) !== "–");
  const rows = [
    ["Who", AUDIENCES[referral.audience]],
    ["Campaign", link(String(referral.campaign_id), `#/campaigns/${referral.campaign_id}`)],
    ["User id", String(referral.user_id)],
    ...plain.map(([name, value]) => [sourceName(name), address(value)]),
    ...Object.entries(one.meta ?? {}).map(([label, value]) => [label, address(value)]),
    ...Object.entries(one.referrer ?? {}).filter(([, value]) => shown(value) !== "–").map(([name, value]) => [name === "user_id" ? "Referrer’s id" : sourceName(`referrer.${name}`), address(value)]),
    ["Heard of by", ORIGINS[referral.origin]],
    ["Settings", version ? `Version ${version}` : null],
  ];
  return card("The person", facts(rows));
}

function written({ written: values }) {
  const rows = Object.entries(values).map(([name, value]) => [make("code", {}, shortName(name)), shown(value)]);
  return card("Written to Intercom", rows.length ? table("Values written to Intercom", ["Attribute", "Value"], rows) : make("p", { className: "soft" }, "Nothing yet."));
}

/** What was said between us and Intercom, for developers. */
function calls(found) {
  const none = make("p", { className: "soft" }, "None is kept. The calls of a try that met trouble are kept for 30 days.");
  const items = found.map((call) => {
    const isGood = call.status !== null && call.status < 400;
    const head = make("summary", {}, moment(call.at, true), " ", make("code", {}, `${call.method} ${call.path}`), " ", badge([call.status === null ? "No answer" : String(call.status), isGood ? "good" : "bad"]), make("span", { className: "soft" }, ` ${number(call.milliseconds)} ms`));
    return make(
      "details",
      { className: "call" },
      head,
      facts([["Host", call.host], ["Request id", call.request_id ? make("code", {}, call.request_id) : null]]),
      call.sent ? make("div", {}, make("h3", {}, "Sent"), make("pre", { tabIndex: 0 }, readable(call.sent))) : null,
      make("h3", {}, "Answer"),
      make("pre", { tabIndex: 0 }, readable(call.answer) || "–"),
    );
  });
  return make("details", { className: "card developers" }, make("summary", {}, make("strong", {}, `For developers: ${plural(found.length, "call")} to the vendors`)), ...(items.length ? items : [none]));
}

/** JSON in lines, as far as it is whole. */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}

/** The section of the help that tells about where somebody stands. */
function helpAbout({ needs_attention: needs, audience }) {
  if (needs) return "when-something-needs-attention";
  return audience === "person_invited" ? "trouble-with-people-invited" : "trouble-with-people-referring";
}
