// The tab Versions: who saved what, what changed, and the way back.

import { deleteCampaign, read } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { diffTable } from "../parts/diff.js";
import { arriving, button, card, make, say } from "../parts/dom.js";
import { complete } from "./settings_model.js";
import { moment } from "../parts/words.js";
import { common } from "../parts/texts/common.js";
import { versions as texts } from "../parts/texts/campaign.js";
import { render } from "../parts/view.js";

/**
 * `takeOver` puts an older document into the page; it is saved by a person, as a new version.
 * @param {Model} model
 * @param {(document: Settings, etag?: string) => void} takeOver
 */
export function versionsTab(model, takeOver) {
  if (model.isNew) return [card(texts.title, make("p", { className: "soft" }, texts.nothingIsSaved))];
  const list = make("div", {});
  /** @type {string | null} */
  let cursor = null;
  /** @type {Api.VersionPage["items"][number][]} */
  let waits = []; // the last one that was read: it is shown with what changed since the one before, on the next page
  async function more() {
    const page = await read(`/api/campaigns/${model.id}/versions`, { limit: 20, cursor });
    cursor = page.cursor;
    list.querySelector(".more")?.remove();
    const rows = [...waits, ...page.items];
    waits = cursor ? rows.slice(-1) : [];
    rows.slice(0, rows.length - waits.length).forEach((row, index) => list.append(show(row, rows[index + 1])));
    if (cursor) list.append(make("div", { className: "more row" }, button(texts.olderVersions, more)));
  }

  /**
   * @param {Api.VersionPage["items"][number]} row
   * @param {Api.VersionPage["items"][number] | undefined} before
   */
  function show(row, before) {
    const isNow = row.version === model.version;
    const changes = make("div", {});
    const details = make("details", {}, make("summary", {}, before ? texts.changedSince(before.version) : texts.theSettings), changes);
    details.addEventListener("toggle", () => {
      if (details.open) render(diffTable(before ? complete(before.document) : {}, complete(row.document), [before ? common.version(before.version) : texts.before, common.version(row.version)]), changes);
    });
    const restore = button(texts.restore, () => {
      takeOver(complete(row.document));
      say(texts.isOnThePage(row.version));
    }, { "aria-label": texts.restoreVersion(row.version) });
    return make(
      "article",
      { className: "run" },
      make("div", { className: "row" }, make("strong", {}, common.version(row.version)), moment(row.saved_at), make("span", { className: "soft" }, row.saved_by), isNow ? make("span", { className: "badge good" }, texts.now) : restore),
      details,
    );
  }

  return [
    card(
      texts.title,
      make("p", { className: "soft" }, texts.about),
      arriving(texts.arriving, async () => {
        await more();
        return list;
      }),
    ),
    card(texts.deleteTitle, make("p", { className: "soft" }, texts.aboutDeleting), make("p", {}, button(texts.deletePress, () => remove(model), { className: "danger" }))),
  ];
}

/** @param {Model} model */
async function remove(model) {
  const { means, refused, version } = await read(`/api/campaigns/${model.id}/deletion`);
  if (refused) return say(refused, "bad");
  if (!(await confirmed(texts.deleteQuestion, means, texts.deleteIt, "danger"))) return undefined;
  const { body } = await deleteCampaign(model.id, `"${version}"`);
  model.settings = JSON.parse(model.saved); // leaving loses nothing any more
  location.hash = "#/campaigns";
  return say(body.message);
}
