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
import { common } from "../parts/texts/common.js";
import { healthPage as texts } from "../parts/texts/overview.js";

const PERIODS = [7, 14, 30, 90]; // days

/**
 * @param {Address} address
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
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
  const period = select(String(days), PERIODS.map((each) => [String(each), common.lastDays(each)]), async (value) => {
    days = Number(value);
    history.replaceState(null, "", `#/health?days=${days}`);
    await load();
  }, { "aria-label": common.period, className: "period" });
  await load();
  every(signal, 15, () => load().catch(() => null));
  return { title: texts.title, content: [make("div", { className: "row" }, period), page, card(texts.whoDidWhat, arriving(texts.listOfChanges, listChanges))] };
}

/**
 * @param {Api.OverviewAnswer} answer
 * @param {Api.HealthAnswer} health
 */
function render(answer, health) {
  const waits = answer.oldest_undelivered > 0 ? duration(answer.oldest_undelivered) : texts.none;
  const tiles = make(
    "div",
    { className: "tiles" },
    tile(texts.halfAreInIntercomWithin, duration(answer.p50), texts.ofTheTimeTheySignedUp),
    tile(texts.nearlyAllWithin, duration(answer.p99), texts.ofTheTimeTheySignedUp),
    tile(texts.longestWaitNow, waits, texts.promise),
    tile(texts.needAttention, number(answer.attention), link(common.lookAtThem, "#/activity?group=attention")),
    tile(common.messages, number(answer.quarantined), link(common.lookAtThem, "#/quarantine")),
  );
  return [problemList(health) ?? make("p", { className: "note good" }, make("strong", {}, texts.nothingIsWrong), health.complete ? "" : texts.setUpIsNotComplete), tiles, make("div", { className: "columns" }, limits(answer.limits), received(answer.webhooks)), daysCard(answer.days)];
}

/**
 * @param {string} name
 * @param {string} value
 * @param {Child} below
 */
const tile = (name, value, below) => make("div", { className: "tile" }, make("span", { className: "tile-name" }, name), make("strong", {}, value), make("span", { className: "soft" }, below));

/** @param {Api.LimitAnswer[]} found */
function limits(found) {
  const rows = found.map((limit) =>
    make(
      "div",
      { className: "limit" },
      make("p", {}, make("strong", {}, VENDORS[limit.vendor]), " ", limit.problem ? badge([texts.heldBack, "warn"]) : badge([texts.free, "good"])),
      limit.used === null ? null : gauge(limit.used, limit.cap),
      make("p", { className: "soft" }, limit.problem || texts.callsUsed(limit.used, limit.cap, limit.seconds)),
      limit.smaller_pages ? make("p", { className: "soft" }, texts.smallerPages) : null,
    ),
  );
  return card(texts.limitsTitle, ...rows);
}

/** @param {Api.DayAnswer[]} days */
function daysCard(days) {
  const counts = dayBars(days, [[texts.signupsSeries, "series-a", (day) => day.signups], [texts.inIntercomSeries, "series-b", (day) => day.delivered]], texts.signupsChart);
  const times = dayLines(days, [[texts.halfWithinSeries, "series-b", (day) => day.p50], [texts.nearlyAllWithin, "series-c", (day) => day.p99]], texts.timesChart);
  const cells = [...days].reverse().map((day) => [day.day, number(day.signups), number(day.delivered), number(day.qualified), number(day.rewarded), number(day.failed), duration(day.p50), duration(day.p99), duration(day.longest_wait)]);
  const numbers = table(common.daysInNumbers, texts.daysInNumbersColumns, cells);
  const text = texts.howItIsCounted;
  return card(common.dayByDay, make("div", { className: "columns" }, make("div", {}, make("h3", {}, texts.signups), counts), make("div", {}, make("h3", {}, texts.timeToIntercom), times)), make("details", {}, make("summary", {}, common.sameInNumbers), numbers), make("p", { className: "soft small" }, text));
}

/** @param {Api.OverviewAnswer["webhooks"]} hooks */
function received(hooks) {
  const came = hooks.filter((hook) => hook.received_at);
  if (!came.length) return card(texts.webhooks, make("p", {}, texts.noWebhookHasComeYet, link(texts.seeHowToSetThemUp, "#/connection")));
  const rows = came.map((hook) => [hook.campaign_id ? texts.referralFactory : texts.intercom, hook.campaign_id ? texts.campaignHook(hook.campaign_id, hook.name) : hook.name, ago(hook.received_at)]);
  return card(texts.webhooks, table(texts.webhooksCaption, texts.webhooksColumns, rows));
}


async function listChanges() {
  const { items } = await read("/api/connection/changes", { limit: 20 });
  if (!items.length) return make("p", { className: "soft" }, texts.nobodyDidAnythingYet);
  const newest = [...items].sort((one, other) => other.at - one.at); // who looked is noted once an hour, at its beginning
  const rows = newest.map((each) => [moment(each.at), each.email_verified === false ? texts.notVerified(each.who) : each.who, each.what, each.result ? texts.results[each.result] : texts.begun]);
  const take = button(common.exportAsCsv, () => saveTable("/api/connection/changes", "changes.csv"));
  return make("div", {}, table(texts.whoDidWhat, texts.whoDidWhatColumns, rows), make("div", { className: "row" }, take));
}
