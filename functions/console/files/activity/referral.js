// One person's whole story, and what to do.

import { read, send } from "../parts/api.js";
import { facts } from "../connection/connection_parts.js";
import { button, card, every, link, make, replaceKeeping, say, table } from "../parts/dom.js";
import { address, badge, moment } from "../parts/words.js";
import { shown } from "../parts/texts/numbers.js";
import { AUDIENCES, ORIGINS, STATE_HELP } from "../parts/texts/states.js";
import { shortName } from "../parts/workspace.js";
import { sourceName } from "../campaign/sources.js";
import { markDealtWith, sendAgain } from "./acts.js";
import { flags, nameOf, stateBadge } from "./people_list.js";
import { rightsOf } from "./person_rights.js";
import { common } from "../parts/texts/common.js";
import { referral as texts } from "../parts/texts/activity.js";

/**
 * @param {Address} address
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function show({ parts }, signal) {
  const path = /** @type {`/api/referrals/${string}/${string}`} */ (`/api/referrals/${encodeURIComponent(parts[0])}/${encodeURIComponent(parts[1])}`);
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
  return { title: nameOf(first.referral), content: [make("p", {}, link(texts.allPeople, "#/activity")), page] };
}

/**
 * The story in parts; `reload` after something was done.
 * @param {Api.StoryAnswer} answer
 * @param {`/api/referrals/${string}/${string}`} path
 * @param {() => unknown} reload
 */
export function render(answer, path, reload) {
  const { referral } = answer;
  const again = button(common.sendAgain, async () => {
    say((await send(`${path}/replay`)).message);
    await reload();
  }, { className: ["failed", "partial"].includes(referral.state) ? "first" : "" });
  const close = referral.needs_attention ? button(common.markAsDealtWith, async () => {
    say((await send(`${path}/close`)).message);
    await reload();
  }) : null;
  const reason = { group: "attention", reason: referral.reason };
  const alike = referral.needs_attention && referral.reason
    ? [
        button(texts.sendAllWithThisReason, async () => (await sendAgain(reason, texts.allWithThisReason)) && reload()),
        button(texts.markAllWithThisReason, async () => (await markDealtWith(reason, texts.allWithThisReason)) && reload()),
      ]
    : [];
  const contact = referral.contact_url ? link(common.openContact, referral.contact_url, { target: "_blank", rel: "noreferrer" }) : null;
  const now = card(
    texts.whereItStands,
    make("p", { className: "badges" }, stateBadge(referral.state), referral.qualified ? badge([common.converted, "good"]) : null, ...flags(referral)),
    make("p", {}, referral.reason || STATE_HELP[referral.state]),
    ...Object.values(referral.refusals).map((text) => make("p", { className: "note" }, text)),
    make("p", {}, make("strong", {}, common.whatToDo), referral.what_to_do, " ", link(common.moreAboutIt, `#/help/${helpAbout(referral)}`)),
    referral.due_at ? make("p", { className: "soft" }, referral.state === "delivered" ? texts.nextLookForDoubles : texts.triedNextAt, moment(referral.due_at)) : null,
    ...answer.notes.map((note) => make("p", { className: "note" }, note)),
    make("div", { className: "row" }, again, close, contact),
    alike.length ? make("div", { className: "row" }, ...alike) : null,
  );
  const left = answer.dropped.length ? [card(texts.leftOut, table(texts.leftOutCaption, texts.leftOutColumns, answer.dropped.map((each) => [shortName(each.attribute), each.reason])))] : [];
  const rights = referral.email ? [card(texts.theirData, make("div", { className: "row" }, ...rightsOf(referral.email, reload)))] : [];
  return [now, ...left, ...qualification(answer.qualification), card(texts.whatHappened, story(answer.story)), ...referrer(answer.referrer), ...overwritten(answer, path, reload), make("div", { className: "columns" }, person(answer), written(answer)), ...rights, calls(answer.calls)];
}

/** @param {Api.StoryAnswer["story"]} lines */
function story(lines) {
  const items = lines.map((line) => make("li", {}, moment(line.at), make("strong", {}, line.sentence), line.detail ? make("span", { className: "soft" }, line.detail) : null));
  return make("ol", { className: "story" }, ...items);
}

/** @param {Api.StoryAnswer["qualification"]} seen */
function qualification(seen) {
  if (!seen) return [];
  const rows = [
    [texts.valueInIntercom, seen.value === null ? null : shown(seen.value)],
    [texts.decidedBy, seen.by_hand ? texts.somebodyInReferralFactory : texts.theContactInIntercom],
    [texts.confirmed, seen.confirmed_at ? moment(seen.confirmed_at) : null],
    [texts.triedNext, seen.due_at ? moment(seen.due_at) : null],
  ];
  return [card(texts.qualification, make("p", {}, seen.stands), seen.reason ? make("p", { className: "note" }, seen.reason) : null, facts(rows.filter(([, value]) => value)))];
}

/** @param {Api.StoryAnswer["referrer"]} known */
function referrer(known) {
  if (!known) return [];
  const rows = Object.entries(known.written).map(([name, value]) => [make("code", {}, shortName(name)), shown(value)]);
  const when = known.due_at ? make("p", { className: "soft" }, texts.broughtUpToDate, moment(known.due_at)) : make("p", { className: "soft" }, texts.upToDateSince, moment(known.updated_at), ".");
  const none = make("p", { className: "soft" }, texts.noCounts);
  return [card(texts.asAPersonReferring, rows.length ? table(texts.countsCaption, texts.countsColumns, rows) : none, when, known.note ? make("p", { className: "note" }, known.note) : null)];
}

/**
 * @param {Api.StoryAnswer} answer
 * @param {`/api/referrals/${string}/${string}`} path
 * @param {() => unknown} reload
 */
function overwritten({ overwritten: before }, path, reload) {
  const rows = Object.entries(before).map(([name, value]) => [make("code", {}, shortName(name)), value === null || value === "" ? texts.empty : shown(value)]);
  if (!rows.length) return [];
  const text = texts.aboutOverwritten;
  const back = button(texts.putBack, async () => {
    say((await send(`${path}/put-back`)).message);
    await reload();
  });
  return [card(texts.overwrittenTitle, make("p", {}, text), table(texts.overwrittenCaption, texts.overwrittenColumns, rows), make("div", { className: "row" }, back))];
}

/** @param {Api.StoryAnswer} answer */
function person({ person: one, referral, settings_version: version }) {
  const plain = Object.entries(one).filter(([name, value]) => typeof value !== "object" && !["user_id", "audience"].includes(name) && shown(value) !== "–");
  const rows = [
    [texts.who, AUDIENCES[referral.audience]],
    [texts.campaign, link(common.campaignNamed(referral.campaign_id), `#/campaigns/${referral.campaign_id}`)],
    [texts.userId, String(referral.user_id)],
    ...plain.map(([name, value]) => [sourceName(name), address(value)]),
    ...Object.entries(one.meta ?? {}).map(([label, value]) => [label, address(value)]),
    ...Object.entries(one.referrer ?? {}).filter(([, value]) => shown(value) !== "–").map(([name, value]) => [name === "user_id" ? texts.referrersId : sourceName(`referrer.${name}`), address(value)]),
    [texts.origin, ORIGINS[referral.origin]],
    [texts.settings, version ? common.version(version) : null],
  ];
  return card(texts.thePerson, facts(rows));
}

/** @param {Api.StoryAnswer} answer */
function written({ written: values }) {
  const rows = Object.entries(values).map(([name, value]) => [make("code", {}, shortName(name)), shown(value)]);
  return card(texts.writtenToIntercom, rows.length ? table(texts.writtenCaption, texts.writtenColumns, rows) : make("p", { className: "soft" }, texts.nothingWritten));
}

/**
 * What was said between us and Intercom, for developers.
 * @param {Api.StoryAnswer["calls"]} found
 */
function calls(found) {
  const none = make("p", { className: "soft" }, texts.noCalls);
  const items = found.map((call) => {
    const isGood = call.status !== null && call.status < 400;
    const head = make("summary", {}, moment(call.at, true), " ", make("code", {}, `${call.method} ${call.path}`), " ", badge([call.status === null ? texts.noAnswer : String(call.status), isGood ? "good" : "bad"]), make("span", { className: "soft" }, texts.milliseconds(call.milliseconds)));
    return make(
      "details",
      { className: "call" },
      head,
      facts([[texts.host, call.host], [texts.requestId, call.request_id ? make("code", {}, call.request_id) : null]]),
      call.sent ? make("div", {}, make("h3", {}, texts.sent), make("pre", { tabIndex: 0 }, readable(call.sent))) : null,
      make("h3", {}, texts.answer),
      make("pre", { tabIndex: 0 }, readable(call.answer) || "–"),
    );
  });
  return make("details", { className: "card developers" }, make("summary", {}, make("strong", {}, texts.calls(found.length))), ...(items.length ? items : [none]));
}

/**
 * JSON in lines, as far as it is whole.
 * @param {string} text
 */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}

/**
 * The section of the help that tells about where somebody stands.
 * @param {Person} referral
 */
function helpAbout({ needs_attention: needs, audience }) {
  if (needs) return "when-something-needs-attention";
  return audience === "person_invited" ? "trouble-with-people-invited" : "trouble-with-people-referring";
}
