// All campaigns' sync runs, one card each.

import { read } from "../parts/api.js";
import { link, make } from "../parts/dom.js";
import { runsCard } from "./sync_runs.js";
import { common } from "../parts/texts/common.js";
import { syncs as texts } from "../parts/texts/sync.js";

export async function show() {
  const { items } = await read("/api/campaigns", { limit: 100 });
  const synced = items.filter((one) => one.status !== "draft");
  const none = make("p", { className: "note" }, texts.noneIsActive, link(texts.chooseACampaign, "#/campaigns"), texts.thenItsTab);
  const cards = synced.map((one) => runsCard(one.campaign_id, one.name || common.campaignNamed(one.campaign_id)));
  return { title: texts.title, content: [make("p", {}, link(texts.activity, "#/activity")), ...(cards.length ? cards : [none])] };
}
