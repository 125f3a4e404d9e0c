// The page Overview: how it goes, at a glance.

import { read } from "../parts/api.js";
import { dayBars, dayLines, funnel, gauge } from "../parts/charts.js";
import { card, every, link, make, table } from "../parts/dom.js";
import { select } from "../parts/form.js";
import { proofLine } from "./completeness.js";
import { checklist } from "./health.js";
import { ago, badge, duration, moment, number, plural } from "../parts/words.js";

const PERIODS = [7, 14, 30, 90]; // days
const VENDORS = { intercom: "Intercom", referral_factory: "Referral Factory" };

export async function show({ query }, signal) {
  const page = make("div", {});
  let days = PERIODS.includes(Number(query.days)) ? Number(query.days) : 14;
  let shown = "";
  async function load() {
    const [answer, health] = await Promise.all([read("/api/overview", { days }), read("/api/health")]);
    const text = JSON.stringify({ ...answer, now: 0, health });
    if (text !== shown) page.replaceChildren(...render(answer, health, days));
    shown = text;
  }
  const period = select(String(days), PERIODS.map((each) => [String(each), `Last ${each} days`]), async (value) => {
    days = Number(value);
    history.replaceState(null, "", `#/overview?days=${days}`);
    await load();
  }, { "aria-label": "Period", className: "period" });
  try {
    await load();
  } catch (error) {
    if (!error.absent) throw error;
    page.replaceChildren(make("p", { className: "note warn" }, "This version of the application has no overview yet."), make("p", {}, link("Go to the campaigns", "#/campaigns")));
  }
  every(signal, 15, () => load().catch(() => null));
  return { title: "Overview", content: [make("div", { className: "row" }, period), page] };
}

function render(answer, health, days) {
  const waits = answer.oldest_undelivered > 0 ? duration(answer.oldest_undelivered) : "None";
  const tiles = make(
    "div",
    { className: "tiles" },
    tile("Signups", number(answer.total.signups), `in ${days} days`),
    tile("Half are in Intercom within", duration(answer.p50), "p50 of delivery times"),
    tile("99 of 100 within", duration(answer.p99), "p99 of delivery times"),
    tile("Oldest waiting signup", waits, "30 min is the promise"),
    tile("Need attention", number(answer.attention), link("Look at them", "#/activity?show=attention")),
    tile("Unreadable webhooks", number(answer.quarantined), link("Look at them", "#/quarantine")),
  );
  return [...alarms(health), tiles, make("div", { className: "columns" }, funnelCard(answer, days), limits(answer.limits)), daysCard(answer.days), campaigns(answer.campaigns, health.campaigns), received(answer.webhooks)];
}

const tile = (name, value, below) => make("div", { className: "tile" }, make("span", { className: "tile-name" }, name), make("strong", {}, value), make("span", { className: "soft" }, below));

/** What needs a person, and the set-up until it is complete. Green only when the application says that all is well. */
function alarms(health) {
  const found = health.problems;
  const list = checklist(health);
  if (health.level === "good") return [make("p", { className: "note good" }, make("strong", {}, "All is well. "), "Nothing needs you.")];
  if (!found.length) return [list];
  const items = found.map((alarm) => make("li", {}, make("strong", {}, alarm.what), " ", alarm.where ? link(alarm.do, alarm.where) : alarm.do, alarm.since ? make("span", { className: "soft" }, " Since ", moment(alarm.since), ".") : null));
  const needs = make("section", { className: "note bad", "aria-label": "What needs you" }, make("h2", {}, plural(found.length, "thing needs you", "things need you")), make("ul", {}, ...items));
  return list ? [list, needs] : [needs];
}

function funnelCard({ total, all_time: all }, days) {
  const steps = [
    ["Signups", total.signups],
    ["In Intercom", total.delivered],
    ["Qualified", total.qualified],
    ["Rewarded", total.rewarded],
  ];
  const others = `${plural(total.skipped, "was", "were")} in Intercom before, ${number(total.failed)} failed.`;
  return card(`From signup to reward, last ${days} days`, funnel(steps), make("p", { className: "soft" }, others), make("p", { className: "soft" }, `Since the beginning: ${number(all.signups)} signups, ${number(all.delivered)} in Intercom, ${number(all.qualified)} qualified, ${number(all.rewarded)} rewarded.`));
}

function limits(found) {
  const rows = found.map((limit) =>
    make(
      "div",
      { className: "limit" },
      make("p", {}, make("strong", {}, VENDORS[limit.vendor]), " ", limit.problem ? badge(["Held back", "warn"]) : badge(["Free", "good"])),
      limit.used === null ? null : gauge(limit.used, limit.cap),
      make("p", { className: "soft" }, limit.problem || `${number(limit.used)} of ${number(limit.cap)} calls in ${limit.seconds} s`),
    ),
  );
  return card("Limits of the vendors", ...rows);
}

function daysCard(days) {
  const counts = dayBars(days, [["signups", "series-a", (day) => day.signups], ["in Intercom", "series-b", (day) => day.delivered]], "Signups and deliveries by day");
  const times = dayLines(days, [["half within", "series-b", (day) => day.p50], ["99 of 100 within", "series-c", (day) => day.p99]], "Delivery times by day");
  const cells = [...days].reverse().map((day) => [day.day, number(day.signups), number(day.delivered), number(day.qualified), number(day.rewarded), number(day.failed), duration(day.p50), duration(day.p99), duration(day.longest_wait)]);
  const numbers = table("Days in numbers", ["Day", "Signups", "In Intercom", "Qualified", "Rewarded", "Failed", "p50", "p99", "Longest wait"], cells);
  return card("Day by day", make("div", { className: "columns" }, make("div", {}, make("h3", {}, "Signups"), counts), make("div", {}, make("h3", {}, "Delivery time"), times)), make("details", {}, make("summary", {}, "The same in numbers"), numbers));
}

function campaigns(found, states) {
  if (!found.length) return card("Campaigns", make("p", {}, "No campaign is set up yet. ", link("Set one up", "#/campaigns")));
  const proofs = new Map(states.map((one) => [one.campaign_id, one.completeness]));
  const rows = found.map((one) => [link(one.name, `#/campaigns/${one.campaign_id}`), ...["signups", "delivered", "qualified", "rewarded", "failed", "skipped"].map((step) => number(one[step])), proofLine(proofs.get(one.campaign_id))]);
  return card("Campaigns", table("Campaigns", ["Campaign", "Signups", "In Intercom", "Qualified", "Rewarded", "Failed", "Were there before", "Everybody at Referral Factory"], rows));
}

function received(hooks) {
  const came = hooks.filter((hook) => hook.received_at);
  if (!came.length) return card("Webhooks", make("p", {}, "No webhook has come yet. ", link("See how to set them up", "#/connection")));
  const rows = came.map((hook) => [hook.campaign_id ? "Referral Factory" : "Intercom", hook.campaign_id ? `Campaign ${hook.campaign_id}, ${hook.name}` : hook.name, ago(hook.received_at)]);
  return card("Webhooks", table("When each webhook last came", ["From", "Which", "Last"], rows));
}
