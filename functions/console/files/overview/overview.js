// The page Overview: what the campaigns bring, at a glance.

import { read, search } from "../parts/api.js";
import { dayBars, spark } from "../parts/charts.js";
import { card, every, link, make, replaceKeeping, table } from "../parts/dom.js";
import { select } from "../parts/form.js";
import { proofLine } from "./completeness.js";
import { checklist, levelBadge, problemList } from "./health.js";
import { address, badge, moment } from "../parts/words.js";
import { number, plural } from "../parts/texts/numbers.js";
import { CAMPAIGN_STATES } from "../parts/texts/states.js";

const PERIODS = [7, 30, 90]; // days
const USUAL = 30;

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
  const period = select(String(days), PERIODS.map((each) => [String(each), `Last ${each} days`]), async (value) => {
    days = Number(value);
    history.replaceState(null, "", `#/overview?days=${days}`);
    await load();
  }, { "aria-label": "Period", className: "period" });
  await load();
  every(signal, 15, () => load().catch(() => null));
  return { title: "Overview", content: [make("div", { className: "row" }, period), page] };
}

function render(results, health, states, days) {
  const { total, before, whole } = results;
  const from = results.days[0].day;
  const friends = { audience: "person_invited", from };
  const tiles = make(
    "div",
    { className: "tiles" },
    tile("Friends invited", total.invited, trend(total.invited, before.invited, days), activity(friends)),
    tile("In Intercom", total.in_intercom, share(total.in_intercom, total.invited, "of them"), activity({ ...friends, group: "done" })),
    tile("Converted", total.converted, share(total.converted, total.invited, "of them"), activity({ ...friends, converted: "true" })),
    tile("Rewards given", total.rewarded, trend(total.rewarded, before.rewarded, days), null),
  );
  const others = [results.themselves ? `${plural(results.themselves, "person", "people")} joined by themselves, to share a link` : "", results.synced ? `${plural(results.synced, "contact")} of Intercom got a link through the sync` : ""].filter(Boolean);
  return [
    checklist(health),
    problemList(health),
    tiles,
    others.length ? make("p", { className: "soft" }, `Beside them ${others.join(", and ")}. They count on their own.`) : null,
    chart(results),
    make("div", { className: "columns" }, referrers(results, from), campaigns(results, health, states)),
    make("p", { className: "soft small" }, "Counted from the list of everybody who signed up, ", moment(results.counted_at), `. Days are those of ${results.zone}.`, whole ? "" : " So many people signed up that only the newest 50,000 are counted."),
  ];
}

const activity = (filter) => `#/activity${search(filter)}`;

function tile(name, value, below, href) {
  const content = [make("span", { className: "tile-name" }, name), make("strong", {}, number(value)), make("span", { className: "soft" }, below)];
  return href ? link("", href, { className: "tile", "aria-label": `${name}: ${number(value)}. Show them` }).appendChild(make("span", { className: "tile-inside" }, ...content)).parentElement : make("div", { className: "tile" }, ...content);
}

function share(part, whole, words) {
  const percent = Math.round((100 * part) / whole);
  return whole ? `${part < whole ? Math.min(percent, 99) : percent} % ${words}` : "";
}

/** How a period compares with the one before. */
function trend(now, before, days) {
  if (!before) return `in the last ${days} days`;
  const change = Math.round((100 * (now - before)) / before);
  if (change === 0) return `as many as in the ${days} days before`;
  return `${change > 0 ? "▲" : "▼"} ${number(Math.abs(change))} % against the ${days} days before`;
}

function chart({ days, total }) {
  if (!total.invited) return card("Day by day", make("p", { className: "soft" }, "Nobody was invited in this time. Friends who sign up through a link appear here."));
  const bars = dayBars(days, [["friends invited", "series-a", (day) => day.invited], ["of them converted", "series-b", (day) => day.converted]], "Friends invited, by day", { hrefOf: (day) => activity({ audience: "person_invited", from: day.day, to: day.day }), width: 1040 });
  const cells = [...days].reverse().map((day) => [day.day, number(day.invited), number(day.in_intercom), number(day.converted)]);
  return card("Day by day", bars, make("details", {}, make("summary", {}, "The same in numbers"), table("Days in numbers", ["Day", "Friends invited", "In Intercom", "Converted"], cells)));
}

function referrers({ referrers: found }, from) {
  if (!found.length) return card("Who refers most", make("p", { className: "soft" }, "Nobody has referred a friend in this time."));
  const rows = found.map((one) => {
    const who = one.name || one.email || `User ${one.user_id}`;
    const text = one.email || one.name;
    return [
      make("div", {}, text ? link(who, activity({ text, from }), { className: "person-name" }) : who, one.name && one.email ? make("div", { className: "soft small" }, address(one.email)) : null),
      number(one.invited),
      number(one.converted),
    ];
  });
  return card("Who refers most", table("Who refers most", ["Person", "Friends", "Converted"], rows));
}

function campaigns(results, health, states) {
  if (!results.campaigns.length) return card("Campaigns", make("p", {}, "No campaign is set up yet. ", link("Set one up", "#/campaigns")));
  const levels = new Map(health.campaigns.map((one) => [one.campaign_id, one]));
  const most = Math.max(1, ...results.campaigns.flatMap((one) => one.days));
  const items = results.campaigns.map((one) => {
    const status = states.get(one.campaign_id);
    const level = levels.get(one.campaign_id)?.level;
    const state = status === "active" && !["good", undefined].includes(level) ? badge(levelBadge(level)) : status ? badge(CAMPAIGN_STATES[status]) : badge(["Not set up", "quiet"]);
    const words = `${plural(one.invited, "friend")} · ${number(one.in_intercom)} in Intercom · ${number(one.converted)} converted · ${plural(one.rewarded, "reward")}`;
    return make("li", { className: "campaign-row" }, make("div", {}, link(one.name, `#/campaigns/${one.campaign_id}`, { className: "person-name" }), " ", state, make("div", { className: "soft small" }, words), levels.has(one.campaign_id) ? make("div", { className: "soft small" }, "At Referral Factory: ", proofLine(levels.get(one.campaign_id).completeness)) : null), spark(one.days, most, `${one.name}: friends invited, by day`));
  });
  return card("Campaigns", make("ul", { className: "plain" }, ...items));
}
