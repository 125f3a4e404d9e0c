// All campaigns' sync runs, one card each.

import { read } from "../parts/api.js";
import { link, make } from "../parts/dom.js";
import { runsCard } from "./sync_runs.js";

export async function show() {
  const { items } = await read("/api/campaigns", { limit: 100 });
  const synced = items.filter((one) => one.status !== "draft");
  const none = make("p", { className: "note" }, "No campaign is active yet. ", link("Choose a campaign", "#/campaigns"), ", then its tab Sync.");
  const cards = synced.map((one) => runsCard(one.campaign_id, one.name || `Campaign ${one.campaign_id}`));
  return { title: "Sync runs", content: [make("p", {}, link("Activity", "#/activity")), ...(cards.length ? cards : [none])] };
}
