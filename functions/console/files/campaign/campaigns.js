// The list of campaigns: those that are set up, and those of Referral Factory that are not yet.

import { readAll } from "../parts/api.js";
import { arriving, card, link, make, table } from "../parts/dom.js";
import { campaignHealth, levelBadge } from "../overview/health.js";
import { field, input } from "../parts/form.js";
import { badge } from "../parts/words.js";
import { CAMPAIGN_STATES } from "../parts/texts/states.js";
import { hasDraft } from "../drafts/drafts.js";
import { factoryCampaigns } from "../parts/workspace.js";

export async function show() {
  const [campaigns, health] = await Promise.all([readAll("/api/campaigns"), campaignHealth()]);
  const rows = campaigns.map((one) => [
    link(one.name || `Campaign ${one.campaign_id}`, `#/campaigns/${one.campaign_id}`),
    make("span", { className: "badges" }, state(one, health.get(one.campaign_id)), hasDraft(one.campaign_id) ? badge(["Your changes are not saved", "warn"]) : null),
    String(one.campaign_id),
    `Version ${one.version}`,
  ]);
  const known = new Set(campaigns.map((one) => one.campaign_id));
  const list = rows.length
    ? table("Campaigns that are set up", ["Campaign", "State", "Id", "Settings"], rows)
    : make("p", { className: "soft" }, "No campaign is set up yet. Choose one below.");
  return {
    title: "Campaigns",
    content: [card("Set up", list), card("In Referral Factory", arriving("campaigns of Referral Factory", () => others(known))), byId()],
  };
}

/** An active campaign is only green while it works. */
function state({ status }, health) {
  if (status !== "active" || !health || health.level === "good") return badge(CAMPAIGN_STATES[status]);
  return make("span", {}, badge(levelBadge(health.level)), " ", make("span", { className: "soft" }, health.sentence));
}

async function others(known) {
  const found = (await factoryCampaigns()).filter((one) => !known.has(one.id));
  if (!found.length) return make("p", { className: "soft" }, "Every campaign of your account is set up.");
  const rows = found.map((one) => [one.name, one.status || "–", String(one.id), link("Set up", `#/campaigns/${one.id}`, { className: "as-button", "aria-label": `Set up ${one.name}` })]);
  return table("Campaigns of Referral Factory that are not set up", ["Campaign", "State there", "Id", ""], rows);
}

function byId() {
  const control = input("", () => {}, { inputMode: "numeric", required: true, pattern: "[1-9][0-9]{0,11}", className: "short" });
  const form = make("form", { className: "row" }, field("Campaign id", control, { hint: "It stands in Referral Factory’s address of the campaign." }), make("button", {}, "Set up"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `#/campaigns/${control.value}`;
  });
  return make("details", {}, make("summary", {}, "Set up a campaign by its id"), form);
}
