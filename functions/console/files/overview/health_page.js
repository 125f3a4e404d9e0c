// The page Health: how well it works, for whoever looks after it.

import { read } from "../parts/api.js";
import { dayBars, dayLines, gauge } from "../parts/charts.js";
import { arriving, button, card, every, link, make, replaceKeeping, table } from "../parts/dom.js";
import { select } from "../parts/form.js";
import { saveTable } from "../parts/save_table.js";
import { badge, moment } from "../parts/words.js";
import { ago, duration, number } from "../parts/texts/numbers.js";
import { VENDORS } from "../parts/texts/states.js";
import { problemList } from "./health.js";

const PERIODS = [7, 14, 30, 90]; // days

export async function show({ query }, signal) {
  const page = make("div", {});
  let days = PERIODS.includes(Number(query.days)) ? Number(query.days) : 14;
  let shown = "";
  async function load() {
    const [answer, health] = await Promise.all([read("/api/overview", { days }), read("/api/health")]);
    const text = JSON.stringify({ ...answer, now: 0, health });
    if (text !== shown) replaceKeeping(page, render(answer, health));
    shown = text;
  }
  const period = select(String(days), PERIODS.map((each) => [String(each), `Last ${each} days`]), async (value) => {
    days = Number(value);
    history.replaceState(null, "", `#/health?days=${days}`);
    await load();
  }, { "aria-label": "Period", className: "period" });
  await load();
  every(signal, 15, () => load().catch(() => null));
  return { title: "Health", content: [make("div", { className: "row" }, period), page, card("Who did what", arriving("list of changes", listChanges))] };
}

function render(answer, health) {
  const waits = answer.oldest_undelivered > 0 ? duration(answer.oldest_undelivered) : "None";
  const tiles = make(
    "div",
    { className: "tiles" },
    tile("Half are in Intercom within", duration(answer.p50), "of the time they signed up"),
    tile("99 of 100 within", duration(answer.p99), "of the time they signed up"),
    tile("Longest wait now", waits, "30 min is the promise"),
    tile("Need attention", number(answer.attention), link("Look at them", "#/activity?group=attention")),
    tile("Messages we could not read", number(answer.quarantined), link("Look at them", "#/quarantine")),
  );
  return [problemList(health) ?? make("p", { className: "note good" }, make("strong", {}, "Nothing is wrong. "), health.complete ? "" : "The set-up is not complete yet."), tiles, make("div", { className: "columns" }, limits(answer.limits), received(answer.webhooks)), daysCard(answer.days)];
}

const tile = (name, value, below) => make("div", { className: "tile" }, make("span", { className: "tile-name" }, name), make("strong", {}, value), make("span", { className: "soft" }, below));

function limits(found) {
  const rows = found.map((limit) =>
    make(
      "div",
      { className: "limit" },
      make("p", {}, make("strong", {}, VENDORS[limit.vendor]), " ", limit.problem ? badge(["Held back", "warn"]) : badge(["Free", "good"])),
      limit.used === null ? null : gauge(limit.used, limit.cap),
      make("p", { className: "soft" }, limit.problem || `${number(limit.used)} of ${number(limit.cap)} calls in ${limit.seconds} s`),
      limit.smaller_pages ? make("p", { className: "soft" }, "Its pages were too large or too slow: fewer people are asked for at a time, for a day.") : null,
    ),
  );
  return card("How much of the vendors’ limits is used", ...rows);
}

function daysCard(days) {
  const counts = dayBars(days, [["signups", "series-a", (day) => day.signups], ["in Intercom", "series-b", (day) => day.delivered]], "Signups and arrivals in Intercom, by day");
  const times = dayLines(days, [["half within", "series-b", (day) => day.p50], ["99 of 100 within", "series-c", (day) => day.p99]], "Time until people are in Intercom, by day");
  const cells = [...days].reverse().map((day) => [day.day, number(day.signups), number(day.delivered), number(day.qualified), number(day.rewarded), number(day.failed), duration(day.p50), duration(day.p99), duration(day.longest_wait)]);
  const numbers = table("Days in numbers", ["Day", "Signups", "In Intercom", "Converted", "Rewarded", "Failed", "Half within", "99 of 100 within", "Longest wait"], cells);
  const text = "As the workers counted when it happened, by days in UTC. The overview counts from the list itself.";
  return card("Day by day", make("div", { className: "columns" }, make("div", {}, make("h3", {}, "Signups"), counts), make("div", {}, make("h3", {}, "Time to Intercom"), times)), make("details", {}, make("summary", {}, "The same in numbers"), numbers), make("p", { className: "soft small" }, text));
}

function received(hooks) {
  const came = hooks.filter((hook) => hook.received_at);
  if (!came.length) return card("Webhooks", make("p", {}, "No webhook has come yet. ", link("See how to set them up", "#/connection")));
  const rows = came.map((hook) => [hook.campaign_id ? "Referral Factory" : "Intercom", hook.campaign_id ? `Campaign ${hook.campaign_id}, ${hook.name}` : hook.name, ago(hook.received_at)]);
  return card("Webhooks", table("When each webhook last came", ["From", "Which", "Last"], rows));
}

const RESULTS = { done: "", refused: "Refused", failed: "Failed", looked: "Looked" };

async function listChanges() {
  const { items } = await read("/api/connection/changes", { limit: 20 });
  if (!items.length) return make("p", { className: "soft" }, "Nobody did anything yet.");
  const rows = items.map((each) => [moment(each.at), each.email_verified === false ? `${each.who} (not verified)` : each.who, each.what, RESULTS[each.result] ?? "Begun"]);
  const take = button("Export as CSV", () => saveTable("/api/connection/changes", "changes.csv"));
  return make("div", {}, table("Who did what", ["When", "Who", "What", ""], rows), make("div", { className: "row" }, take));
}
