// The page Health: how well it works, for whoever looks after it.

import { read } from "../parts/api.js";
import { dayBars, dayLines, gauge } from "./charts.js";
import { arriving, card as place, every, make } from "../parts/dom.js";
import { select } from "../parts/form.js";
import { saveTable } from "../parts/save_table.js";
import { badge, moment } from "../parts/words.js";
import { ago, duration, number } from "../parts/texts/numbers.js";
import { VENDORS } from "../parts/texts/states.js";
import { problemList } from "./health.js";
import { common } from "../parts/texts/common.js";
import { healthPage as texts } from "../parts/texts/overview.js";
import { button, card, html, render, table } from "../parts/view.js";

const PERIODS = [7, 14, 30, 90]; // days

/**
 * @param {Address} address
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function show({ query }, signal) {
  const page = make("div", {});
  let days = PERIODS.includes(Number(query.days)) ? Number(query.days) : 14;
  async function load() {
    const [answer, health] = await Promise.all([read("/api/overview", { days }), read("/api/health")]);
    render(view(answer, health), page);
  }
  const period = select(String(days), PERIODS.map((each) => [String(each), common.lastDays(each)]), async (value) => {
    days = Number(value);
    history.replaceState(null, "", `#/health?days=${days}`);
    await load();
  }, { "aria-label": common.period, className: "period" });
  await load();
  every(signal, 15, () => load().catch(() => null));
  return { title: texts.title, content: [make("div", { className: "row" }, period), page, place(texts.whoDidWhat, arriving(texts.listOfChanges, listChanges))] };
}

/**
 * @param {Api.OverviewAnswer} answer
 * @param {Api.HealthAnswer} health
 */
function view(answer, health) {
  const waits = answer.oldest_undelivered > 0 ? duration(answer.oldest_undelivered) : texts.none;
  const good = health.complete ? html`<p class="note good"><strong>${texts.nothingIsWrong}</strong></p>` : html`<p class="note">${texts.setUpIsNotComplete}</p>`;
  return html`
    ${problemList(health) ?? good}
    <div class="tiles">
      ${tile(texts.halfAreInIntercomWithin, duration(answer.p50), texts.ofTheTimeTheySignedUp)}
      ${tile(texts.nearlyAllWithin, duration(answer.p99), texts.ofTheTimeTheySignedUp)}
      ${tile(texts.longestWaitNow, waits, texts.promise)}
      ${tile(texts.needAttention, number(answer.attention), html`<a href="#/activity?group=attention">${common.lookAtThem}</a>`)}
      ${tile(common.messages, number(answer.quarantined), html`<a href="#/quarantine">${common.lookAtThem}</a>`)}
    </div>
    <div class="columns">${limits(answer.limits, health.vendors)}${received(answer.webhooks)}</div>
    ${daysCard(answer.days)}`;
}

/**
 * @param {string} name
 * @param {string} value
 * @param {Part} below
 */
const tile = (name, value, below) => html`<div class="tile"><span class="tile-name">${name}</span><strong>${value}</strong><span class="soft">${below}</span></div>`;

/**
 * @param {Api.LimitAnswer[]} found
 * @param {Api.HealthAnswer["vendors"]} vendors
 */
function limits(found, vendors) {
  const away = new Set(vendors.filter((one) => !one.connected).map((one) => one.vendor));
  const rows = found.map(
    (limit) => html`
      <div class="limit">
        <p><strong>${VENDORS[limit.vendor]}</strong> ${badge(away.has(limit.vendor) ? [common.notConnected, "quiet"] : limit.problem ? [texts.heldBack, "warn"] : [texts.free, "good"])}</p>
        ${limit.used === null ? null : gauge(limit.used, limit.cap)}
        <p class="soft">${limit.problem || texts.callsUsed(limit.used, limit.cap, limit.seconds)}</p>
        ${limit.smaller_pages ? html`<p class="soft">${texts.smallerPages}</p>` : null}
      </div>`,
  );
  return card(texts.limitsTitle, rows);
}

/** @param {Api.DayAnswer[]} days */
function daysCard(days) {
  if (!days.some((day) => day.signups || day.delivered || day.failed)) return card(common.dayByDay, html`<p class="soft">${texts.nobodySignedUp}</p>`);
  const counts = dayBars(days, [[texts.signupsSeries, "series-a", (day) => day.signups], [texts.inIntercomSeries, "series-b", (day) => day.delivered]], texts.signupsChart);
  const times = dayLines(days, [[texts.halfWithinSeries, "series-b", (day) => day.p50], [texts.nearlyAllWithin, "series-c", (day) => day.p99]], texts.timesChart);
  const cells = [...days].reverse().map((day) => [day.day, number(day.signups), number(day.delivered), number(day.qualified), number(day.rewarded), number(day.failed), duration(day.p50), duration(day.p99), duration(day.longest_wait)]);
  const pictures = html`<div class="columns"><div><h3>${texts.signups}</h3>${counts}</div><div><h3>${texts.timeToIntercom}</h3>${times}</div></div>`;
  const numbers = html`<details><summary>${common.sameInNumbers}</summary>${table(common.daysInNumbers, texts.daysInNumbersColumns, cells)}</details>`;
  return card(common.dayByDay, pictures, numbers, html`<p class="soft small">${texts.howItIsCounted}</p>`);
}

/** @param {Api.OverviewAnswer["webhooks"]} hooks */
function received(hooks) {
  const came = hooks.filter((hook) => hook.received_at);
  if (!came.length) return card(texts.webhooks, html`<p>${texts.noWebhookHasComeYet}<a href="#/connection">${texts.seeHowToSetThemUp}</a></p>`);
  const rows = came.map((hook) => [hook.campaign_id ? texts.referralFactory : texts.intercom, hook.campaign_id ? texts.campaignHook(hook.campaign_id, hook.name) : hook.name, ago(hook.received_at)]);
  return card(texts.webhooks, table(texts.webhooksCaption, texts.webhooksColumns, rows));
}

async function listChanges() {
  const { items } = await read("/api/connection/changes", { limit: 20 });
  if (!items.length) return html`<p class="soft">${texts.nobodyDidAnythingYet}</p>`;
  const newest = [...items].sort((one, other) => other.at - one.at); // who looked is noted once an hour, at its beginning
  const rows = newest.map((each) => [moment(each.at), each.email_verified === false ? texts.notVerified(each.who) : each.who, each.what, each.result ? texts.results[each.result] : texts.begun]);
  const take = button(common.exportAsCsv, () => saveTable("/api/connection/changes", "changes.csv"));
  return html`${table(texts.whoDidWhat, texts.whoDidWhatColumns, rows)}<div class="row">${take}</div>`;
}
