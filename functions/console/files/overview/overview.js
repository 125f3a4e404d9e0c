// The page Overview: what the campaigns bring, at a glance.

import { read, search } from "../parts/api.js";
import { dayBars, spark } from "./charts.js";
import { every, make } from "../parts/dom.js";
import { select } from "../parts/form.js";
import { proofLine } from "./completeness.js";
import { checklist, levelBadge, problemList } from "./health.js";
import { address, badge, moment } from "../parts/words.js";
import { number } from "../parts/texts/numbers.js";
import { CAMPAIGN_STATES } from "../parts/texts/states.js";
import { common } from "../parts/texts/common.js";
import { overview as texts } from "../parts/texts/overview.js";
import { card, html, render, table } from "../parts/view.js";

const PERIODS = [7, 30, 90]; // days
const USUAL = 30;

/**
 * @param {Address} address
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function show({ query }, signal) {
  const page = make("div", {});
  let days = PERIODS.includes(Number(query.days)) ? Number(query.days) : USUAL;
  async function load() {
    const [results, health, { items: campaigns }] = await Promise.all([read("/api/results", { days }), read("/api/health"), read("/api/campaigns", { limit: 100 })]);
    render(view(results, health, new Map(campaigns.map((one) => [one.campaign_id, one.status])), days), page);
  }
  const period = select(String(days), PERIODS.map((each) => [String(each), common.lastDays(each)]), async (value) => {
    days = Number(value);
    history.replaceState(null, "", `#/overview?days=${days}`);
    await load();
  }, { "aria-label": common.period, className: "period" });
  await load();
  every(signal, 15, () => load().catch(() => null));
  return { title: texts.title, content: [make("div", { className: "row" }, period), page] };
}

/**
 * @param {Api.ResultsAnswer} results
 * @param {Api.HealthAnswer} health
 * @param {Map<number, Settings["status"]>} states
 * @param {number} days
 */
function view(results, health, states, days) {
  const { total, before, whole, zone } = results;
  const from = results.days[0].day;
  const friends = { audience: "person_invited", from, zone };
  const others = [results.themselves ? texts.joinedByThemselves(results.themselves) : "", results.synced ? texts.gotALink(results.synced) : ""].filter(Boolean);
  return html`
    ${checklist(health)}
    ${problemList(health)}
    <div class="tiles">
      ${tile(texts.friendsInvited, total.invited, trend(total.invited, before.invited, days), activity(friends))}
      ${tile(common.inIntercom, total.in_intercom, share(total.in_intercom, total.invited, texts.ofThem), activity({ ...friends, group: "done" }))}
      ${tile(common.converted, total.converted, share(total.converted, total.invited, texts.ofThem), activity({ ...friends, converted: "true" }))}
      ${tile(texts.rewardsGiven, total.rewarded, trend(total.rewarded, before.rewarded, days), null)}
    </div>
    ${others.length ? html`<p class="soft">${texts.besideThem(others)}</p>` : null}
    ${chart(results)}
    <div class="columns">${referrers(results, from)}${campaigns(results, health, states)}</div>
    <p class="soft small">${texts.countedFrom}${moment(results.counted_at)}. ${common.daysOf(zone)}${whole ? "" : texts.newestOnly}</p>`;
}

/** @param {Record<string, any>} filter */
const activity = (filter) => `#/activity${search(filter)}`;

/**
 * @param {string} name
 * @param {number} value
 * @param {string} below
 * @param {string | null} href
 */
function tile(name, value, below, href) {
  const content = html`<span class="tile-name">${name}</span><strong>${number(value)}</strong><span class="soft">${below}</span>`;
  return href ? html`<a class="tile" href=${href} aria-label=${texts.tileLabel(name, value)}><span class="tile-inside">${content}</span></a>` : html`<div class="tile">${content}</div>`;
}

/**
 * @param {number} part
 * @param {number} whole
 * @param {string} words
 */
function share(part, whole, words) {
  const percent = Math.round((100 * part) / whole);
  return whole ? `${part < whole ? Math.min(percent, 99) : percent} % ${words}` : "";
}

/**
 * How a period compares with the one before.
 * @param {number} now
 * @param {number} before
 * @param {number} days
 */
function trend(now, before, days) {
  if (!before) return texts.inTheLastDays(days);
  const change = Math.round((100 * (now - before)) / before);
  if (change === 0) return texts.asManyAsBefore(days);
  return texts.trend(change, days);
}

/** @param {Api.ResultsAnswer} results */
function chart({ days, total, zone }) {
  if (!total.invited) return card(common.dayByDay, html`<p class="soft">${texts.nobodyWasInvited}</p>`);
  const bars = dayBars(days, [[texts.invitedSeries, "series-a", (day) => day.invited], [texts.convertedSeries, "series-b", (day) => day.converted]], texts.chart, { hrefOf: (day) => activity({ audience: "person_invited", from: day.day, to: day.day, zone }), width: 1040 });
  const cells = [...days].reverse().map((day) => [day.day, number(day.invited), number(day.in_intercom), number(day.converted)]);
  return card(common.dayByDay, bars, html`<details><summary>${common.sameInNumbers}</summary>${table(common.daysInNumbers, texts.daysInNumbersColumns, cells)}</details>`);
}

/**
 * @param {Api.ResultsAnswer} results
 * @param {string} from
 */
function referrers({ referrers: found, zone }, from) {
  if (!found.length) return card(texts.referrers, html`<p class="soft">${texts.nobodyReferred}</p>`);
  const rows = found.map((one) => {
    const who = one.name || one.email || common.userNamed(one.user_id);
    const text = one.email || one.name;
    return [
      html`<div>${text ? html`<a class="person-name" href=${activity({ text, from, zone })}>${who}</a>` : who}${one.name && one.email ? html`<div class="soft small">${address(one.email)}</div>` : null}</div>`,
      number(one.invited),
      number(one.converted),
    ];
  });
  return card(texts.referrers, table(texts.referrers, texts.referrersColumns, rows, found.map((one) => ({ key: one.user_id ?? one.email }))));
}

/**
 * @param {Api.ResultsAnswer} results
 * @param {Api.HealthAnswer} health
 * @param {Map<number, Settings["status"]>} states
 */
function campaigns(results, health, states) {
  if (!results.campaigns.length) return card(texts.campaigns, html`<p>${texts.noCampaignIsSetUpYet}<a href="#/campaigns">${texts.setOneUp}</a></p>`);
  const levels = new Map(health.campaigns.map((one) => [one.campaign_id, one]));
  const most = Math.max(1, ...results.campaigns.flatMap((one) => one.days));
  const items = results.campaigns.map((one) => {
    const status = states.get(one.campaign_id);
    const level = levels.get(one.campaign_id)?.level;
    const state = status === "active" && level && level !== "good" ? badge(levelBadge(level)) : status ? badge(CAMPAIGN_STATES[status]) : badge([texts.notSetUp, "quiet"]);
    const words = texts.counts(one.invited, one.in_intercom, one.converted, one.rewarded);
    const proof = levels.has(one.campaign_id) ? html`<div class="soft small">${common.atReferralFactory}${proofLine(levels.get(one.campaign_id)?.completeness)}</div>` : null;
    return html`
      <li key=${one.campaign_id} class="campaign-row">
        <div><a class="person-name" href="#/campaigns/${one.campaign_id}">${one.name}</a> ${state}<div class="soft small">${words}</div>${proof}</div>
        ${spark(one.days, most, texts.sparkTitle(one.name))}
      </li>`;
  });
  return card(texts.campaigns, html`<ul class="plain">${items}</ul>`);
}
