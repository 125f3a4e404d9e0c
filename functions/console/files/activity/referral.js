// One person's whole story, and what to do.

import { read, send } from "../parts/api.js";
import { facts } from "../connection/connection_parts.js";
import { every, link, make, say } from "../parts/dom.js";
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
import { button, card, html, render, table } from "../parts/view.js";

const NOT_FOUND = 404;

/**
 * @param {Address} address
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function show({ parts }, signal) {
  const path = /** @type {`/api/referrals/${string}/${string}`} */ (`/api/referrals/${encodeURIComponent(parts[0])}/${encodeURIComponent(parts[1])}`);
  const page = make("div", {});
  async function load() {
    const answer = await read(path);
    render(view(answer, path, load), page);
    return answer;
  }
  const first = await load().catch((error) => (error.status === NOT_FOUND ? null : Promise.reject(error)));
  if (!first) return { title: texts.nobodyHere, content: [make("p", { className: "note warn" }, texts.nobodyHasThisId(parts[1], parts[0])), make("p", {}, link(texts.allPeople, "#/activity"))] };
  every(signal, 5, () => load().catch(() => null));
  return { title: nameOf(first.referral), content: [make("p", {}, link(texts.allPeople, "#/activity")), page] };
}

/**
 * The story in parts; `reload` after something was done.
 * @param {Api.StoryAnswer} answer
 * @param {`/api/referrals/${string}/${string}`} path
 * @param {() => unknown} reload
 */
export function view(answer, path, reload) {
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
  const contact = referral.contact_url ? html`<a href=${referral.contact_url} target="_blank" rel="noreferrer">${common.openContact}</a>` : null;
  const now = card(
    texts.whereItStands,
    html`
      <p class="badges">${stateBadge(referral.state)}${referral.qualified ? badge([common.converted, "good"]) : null}${flags(referral)}</p>
      <p>${referral.reason || STATE_HELP[referral.state]}</p>
      ${Object.values(referral.refusals).map((text) => html`<p class="note">${text}</p>`)}
      <p><strong>${common.whatToDo}</strong>${referral.what_to_do} <a href="#/help/${helpAbout(referral)}">${common.moreAboutIt}</a></p>
      ${referral.due_at ? html`<p class="soft">${referral.state === "delivered" ? texts.nextLookForDoubles : texts.triedNextAt}${moment(referral.due_at)}</p>` : null}
      ${answer.notes.map((note) => html`<p class="note">${note}</p>`)}
      <div class="row">${again}${close}${contact}</div>
      ${alike.length ? html`<div class="row">${alike}</div>` : null}`,
  );
  const left = answer.dropped.length ? card(texts.leftOut, table(texts.leftOutCaption, texts.leftOutColumns, answer.dropped.map((each) => [shortName(each.attribute), each.reason]))) : null;
  const rights = referral.email ? card(texts.theirData, html`<div class="row">${rightsOf(referral.email, reload)}</div>`) : null;
  return html`
    <div key=${`${referral.campaign_id}-${referral.user_id}`}>
      ${now}
      ${left}
      ${qualification(answer.qualification)}
      ${card(texts.whatHappened, story(answer.story))}
      ${referrer(answer.referrer)}
      ${overwritten(answer, path, reload)}
      <div class="columns">${person(answer)}${written(answer)}</div>
      ${rights}
      ${calls(answer.calls)}
    </div>`;
}

/** @param {Api.StoryAnswer["story"]} lines */
function story(lines) {
  const items = lines.map((line) => html`<li>${moment(line.at)}<strong>${line.sentence}</strong>${line.detail ? html`<span class="soft">${line.detail}</span>` : null}</li>`);
  return html`<ol class="story">${items}</ol>`;
}

/** @param {Api.StoryAnswer["qualification"]} seen */
function qualification(seen) {
  if (!seen) return null;
  const rows = [
    [texts.valueInIntercom, seen.value === null ? null : shown(seen.value)],
    [texts.decidedBy, seen.by_hand ? texts.somebodyInReferralFactory : texts.theContactInIntercom],
    [texts.confirmed, seen.confirmed_at ? moment(seen.confirmed_at) : null],
    [texts.triedNext, seen.due_at ? moment(seen.due_at) : null],
  ];
  return card(texts.qualification, html`<p>${seen.stands}</p>`, seen.reason ? html`<p class="note">${seen.reason}</p>` : null, facts(rows));
}

/** @param {Api.StoryAnswer["referrer"]} known */
function referrer(known) {
  if (!known) return null;
  const rows = Object.entries(known.written).map(([name, value]) => [html`<code>${shortName(name)}</code>`, shown(value)]);
  const when = known.due_at ? html`<p class="soft">${texts.broughtUpToDate}${moment(known.due_at)}</p>` : html`<p class="soft">${texts.upToDateSince}${moment(known.updated_at)}.</p>`;
  const none = html`<p class="soft">${texts.noCounts}</p>`;
  return card(texts.asAPersonReferring, rows.length ? table(texts.countsCaption, texts.countsColumns, rows) : none, when, known.note ? html`<p class="note">${known.note}</p>` : null);
}

/**
 * @param {Api.StoryAnswer} answer
 * @param {`/api/referrals/${string}/${string}`} path
 * @param {() => unknown} reload
 */
function overwritten({ overwritten: before }, path, reload) {
  const rows = Object.entries(before).map(([name, value]) => [html`<code>${shortName(name)}</code>`, value === null || value === "" ? texts.empty : shown(value)]);
  if (!rows.length) return null;
  const back = button(texts.putBack, async () => {
    say((await send(`${path}/put-back`)).message);
    await reload();
  });
  return card(texts.overwrittenTitle, html`<p>${texts.aboutOverwritten}</p>`, table(texts.overwrittenCaption, texts.overwrittenColumns, rows), html`<div class="row">${back}</div>`);
}

/** @param {Api.StoryAnswer} answer */
function person({ person: one, referral, settings_version: version }) {
  const plain = Object.entries(one).filter(([name, value]) => typeof value !== "object" && !["user_id", "audience"].includes(name) && shown(value) !== "–");
  const rows = [
    [texts.who, AUDIENCES[referral.audience]],
    [texts.campaign, html`<a href="#/campaigns/${referral.campaign_id}">${common.campaignNamed(referral.campaign_id)}</a>`],
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
  const rows = Object.entries(values).map(([name, value]) => [html`<code>${shortName(name)}</code>`, shown(value)]);
  return card(texts.writtenToIntercom, rows.length ? table(texts.writtenCaption, texts.writtenColumns, rows) : html`<p class="soft">${texts.nothingWritten}</p>`);
}

/**
 * What was said between us and Intercom, for developers.
 * @param {Api.StoryAnswer["calls"]} found
 */
function calls(found) {
  const items = found.map((call) => {
    const isGood = call.status !== null && call.status < 400;
    return html`
      <details key=${`${call.at} ${call.method} ${call.path}`} class="call">
        <summary>${moment(call.at, true)} <code>${call.method} ${call.path}</code> ${badge([call.status === null ? texts.noAnswer : String(call.status), isGood ? "good" : "bad"])}<span class="soft">${texts.milliseconds(call.milliseconds)}</span></summary>
        ${facts([[texts.host, call.host], [texts.requestId, call.request_id ? html`<code>${call.request_id}</code>` : null]])}
        ${call.sent ? html`<div><h3>${texts.sent}</h3><pre tabindex="0">${readable(call.sent)}</pre></div>` : null}
        <h3>${texts.answer}</h3>
        <pre tabindex="0">${readable(call.answer) || "–"}</pre>
      </details>`;
  });
  return html`<details class="card developers"><summary><strong>${texts.calls(found.length)}</strong></summary>${items.length ? items : html`<p class="soft">${texts.noCalls}</p>`}</details>`;
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
