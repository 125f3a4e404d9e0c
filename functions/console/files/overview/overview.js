// The page Overview: what the campaigns bring, at a glance.

import { read, search } from "../parts/api.js";
import { dayBars, spark } from "../parts/charts.js";
import { card, every, link, make, replaceKeeping, table } from "../parts/dom.js";
import { select } from "../parts/form.js";
import { proofLine } from "./completeness.js";
import { checklist, levelBadge, problemList } from "./health.js";
import { address, badge, moment } from "../parts/words.js";
import { number } from "../parts/texts/numbers.js";
import { CAMPAIGN_STATES } from "../parts/texts/states.js";
import { common } from "../parts/texts/common.js";
import { overview as texts } from "../parts/texts/overview.js";

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
  let shown = "";
  async function load() {
    const [results, health, { items: campaigns }] = await Promise.all([read("/api/results", { days }), read("/api/health"), read("/api/campaigns", { limit: 100 })]);
    const text = JSON.stringify([results, health, campaigns]);
    if (text !== shown) replaceKeeping(page, render(results, health, new Map(campaigns.map((one) => [one.campaign_id, one.status])), days));
    shown = text;
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
function render(results, health, states, days) {
  const { total, before, whole, zone } = results;
  const from = results.days[0].day;
  const friends = { audience: "person_invited", from, zone };
  const tiles = make(
    "div",
    { className: "tiles" },
    tile(texts.friendsInvited, total.invited, trend(total.invited, before.invited, days), activity(friends)),
    tile(common.inIntercom, total.in_intercom, share(total.in_intercom, total.invited, texts.ofThem), activity({ ...friends, group: "done" })),
    tile(common.converted, total.converted, share(total.converted, total.invited, texts.ofThem), activity({ ...friends, converted: "true" })),
    tile(texts.rewardsGiven, total.rewarded, trend(total.rewarded, before.rewarded, days), null),
  );
  const others = [results.themselves ? texts.joinedByThemselves(results.themselves) : "", results.synced ? texts.gotALink(results.synced) : ""].filter(Boolean);
  return [
    checklist(health),
    problemList(health),
    tiles,
    others.length ? make("p", { className: "soft" }, texts.besideThem(others)) : null,
    chart(results),
    make("div", { className: "columns" }, referrers(results, from), campaigns(results, health, states)),
    make("p", { className: "soft small" }, texts.countedFrom, moment(results.counted_at), ". ", common.daysOf(zone), whole ? "" : texts.newestOnly),
  ];
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
  const content = [make("span", { className: "tile-name" }, name), make("strong", {}, number(value)), make("span", { className: "soft" }, below)];
  return href ? link("", href, { className: "tile", "aria-label": texts.tileLabel(name, value) }).appendChild(make("span", { className: "tile-inside" }, ...content)).parentElement : make("div", { className: "tile" }, ...content);
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
  if (!total.invited) return card(common.dayByDay, make("p", { className: "soft" }, texts.nobodyWasInvited));
  const bars = dayBars(days, [[texts.invitedSeries, "series-a", (day) => day.invited], [texts.convertedSeries, "series-b", (day) => day.converted]], texts.chart, { hrefOf: (day) => activity({ audience: "person_invited", from: day.day, to: day.day, zone }), width: 1040 });
  const cells = [...days].reverse().map((day) => [day.day, number(day.invited), number(day.in_intercom), number(day.converted)]);
  return card(common.dayByDay, bars, make("details", {}, make("summary", {}, common.sameInNumbers), table(common.daysInNumbers, texts.daysInNumbersColumns, cells)));
}

/**
 * @param {Api.ResultsAnswer} results
 * @param {string} from
 */
function referrers({ referrers: found, zone }, from) {
  if (!found.length) return card(texts.referrers, make("p", { className: "soft" }, texts.nobodyReferred));
  const rows = found.map((one) => {
    const who = one.name || one.email || common.userNamed(one.user_id);
    const text = one.email || one.name;
    return [
      make("div", {}, text ? link(who, activity({ text, from, zone }), { className: "person-name" }) : who, one.name && one.email ? make("div", { className: "soft small" }, address(one.email)) : null),
      number(one.invited),
      number(one.converted),
    ];
  });
  return card(texts.referrers, table(texts.referrers, texts.referrersColumns, rows));
}

/**
 * @param {Api.ResultsAnswer} results
 * @param {Api.HealthAnswer} health
 * @param {Map<number, Settings["status"]>} states
 */
function campaigns(results, health, states) {
  if (!results.campaigns.length) return card(texts.campaigns, make("p", {}, texts.noCampaignIsSetUpYet, link(texts.setOneUp, "#/campaigns")));
  const levels = new Map(health.campaigns.map((one) => [one.campaign_id, one]));
  const most = Math.max(1, ...results.campaigns.flatMap((one) => one.days));
  const items = results.campaigns.map((one) => {
    const status = states.get(one.campaign_id);
    const level = levels.get(one.campaign_id)?.level;
    const state = status === "active" && level && level !== "good" ? badge(levelBadge(level)) : status ? badge(CAMPAIGN_STATES[status]) : badge([texts.notSetUp, "quiet"]);
    const words = texts.counts(one.invited, one.in_intercom, one.converted, one.rewarded);
    return make("li", { className: "campaign-row" }, make("div", {}, link(one.name, `#/campaigns/${one.campaign_id}`, { className: "person-name" }), " ", state, make("div", { className: "soft small" }, words), levels.has(one.campaign_id) ? make("div", { className: "soft small" }, common.atReferralFactory, proofLine(levels.get(one.campaign_id)?.completeness)) : null), spark(one.days, most, texts.sparkTitle(one.name)));
  });
  return card(texts.campaigns, make("ul", { className: "plain" }, ...items));
}
