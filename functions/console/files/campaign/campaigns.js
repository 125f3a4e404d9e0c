// The list of campaigns: those that are set up, and those of Referral Factory that are not yet.

import { readAll } from "../parts/api.js";
import { arriving, card, make } from "../parts/dom.js";
import { campaignHealth, levelBadge } from "../overview/health.js";
import { field, input } from "../parts/form.js";
import { capital, shown } from "../parts/texts/numbers.js";
import { badge } from "../parts/words.js";
import { CAMPAIGN_STATES, NOT_KNOWN } from "../parts/texts/states.js";
import { hasDraft } from "../drafts/drafts.js";
import { factoryCampaigns } from "../parts/workspace.js";
import { common } from "../parts/texts/common.js";
import { campaigns as texts } from "../parts/texts/campaign.js";
import { html, table } from "../parts/view.js";

const NOT_CONNECTED = 409;

export async function show() {
  const [campaigns, health] = await Promise.all([readAll("/api/campaigns"), campaignHealth()]);
  const rows = campaigns.map((one) => [
    html`<a href="#/campaigns/${one.campaign_id}">${one.name || common.campaignNamed(one.campaign_id)}</a>`,
    html`<span class="badges">${state(one, health.get(one.campaign_id))}${hasDraft(one.campaign_id) ? badge([texts.notSaved, "warn"]) : null}</span>`,
    html`<span>${one.campaign_id}</span>`,
    common.version(one.version),
  ]);
  const known = new Set(campaigns.map((one) => one.campaign_id));
  const list = rows.length
    ? table(texts.caption, texts.columns, rows)
    : html`<p class="soft">${texts.none}</p>`;
  return {
    title: texts.title,
    content: [card(texts.setUp, list), card(texts.inReferralFactory, arriving(texts.othersArriving, () => others(known))), byId()],
  };
}

/**
 * An active campaign is only green while it is known to work.
 * @param {Api.CampaignSummary} one
 * @param {Api.CampaignHealthAnswer | undefined} health
 */
function state({ status }, health) {
  if (status !== "active" || health?.level === "good") return badge(CAMPAIGN_STATES[status]);
  const shown = health ? { badge: levelBadge(health.level), sentence: health.sentence } : NOT_KNOWN;
  return html`<span>${badge(shown.badge)} <span class="soft">${shown.sentence}</span></span>`;
}

/** @param {Set<number>} known */
async function others(known) {
  const all = await factoryCampaigns().catch((error) => (error.status === NOT_CONNECTED ? null : Promise.reject(error)));
  if (!all) return html`<p class="soft">${texts.connectFirst} <a href="#/connection">${texts.connect}</a></p>`;
  const found = all.filter((one) => !known.has(one.id));
  if (!found.length) return html`<p class="soft">${texts.allAreSetUp}</p>`;
  const rows = found.map((one) => [one.name, capital(shown(one.status)), html`<span>${one.id}</span>`, html`<a class="as-button" href="#/campaigns/${one.id}" aria-label=${texts.setUpOne(one.name)}>${texts.setUp}</a>`]);
  return table(texts.othersCaption, texts.othersColumns, rows);
}

function byId() {
  const control = input("", () => {}, { inputMode: "numeric", required: true, pattern: "[1-9][0-9]{0,11}", className: "short" });
  const form = make("form", { className: "row" }, field(texts.campaignId, control, { hint: texts.idHint }), make("button", {}, texts.setUp));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `#/campaigns/${control.value}`;
  });
  return make("details", {}, make("summary", {}, texts.setUpById), form);
}
