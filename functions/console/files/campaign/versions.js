// The tab Versions: who saved what, what changed, and the way back.

import { deleteCampaign, read } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { diffTable } from "../parts/diff.js";
import { arriving, button, card, make, say } from "../parts/dom.js";
import { complete } from "./settings_model.js";
import { moment } from "../parts/words.js";

/** `takeOver` puts an older document into the page; it is saved by a person, as a new version. */
export function versionsTab(model, takeOver) {
  if (model.isNew) return [card("Versions", make("p", { className: "soft" }, "Nothing is saved yet. Each save is a version."))];
  const list = make("div", {});
  let cursor = null;
  let waits = []; // the last one that was read: it is shown with what changed since the one before, on the next page
  async function more() {
    const page = await read(`/api/campaigns/${model.id}/versions`, { limit: 20, cursor });
    cursor = page.cursor;
    list.querySelector(".more")?.remove();
    const rows = [...waits, ...page.items];
    waits = cursor ? rows.slice(-1) : [];
    rows.slice(0, rows.length - waits.length).forEach((row, index) => list.append(show(row, rows[index + 1])));
    if (cursor) list.append(make("div", { className: "more row" }, button("Older versions", more)));
  }

  function show(row, before) {
    const isNow = row.version === model.version;
    const changes = make("div", {});
    const details = make("details", {}, make("summary", {}, before ? `What changed since version ${before.version}` : "The settings"), changes);
    details.addEventListener("toggle", () => {
      if (details.open) changes.replaceChildren(diffTable(before ? complete(before.document) : {}, complete(row.document), [before ? `Version ${before.version}` : "Before", `Version ${row.version}`]));
    });
    const restore = button("Restore", () => {
      takeOver(complete(row.document));
      say(`Version ${row.version} is on the page. Look at it, then save: it becomes the newest version.`);
    }, { "aria-label": `Restore version ${row.version}` });
    return make(
      "article",
      { className: "run" },
      make("div", { className: "row" }, make("strong", {}, `Version ${row.version}`), moment(row.saved_at), make("span", { className: "soft" }, row.saved_by), isNow ? make("span", { className: "badge good" }, "Now") : restore),
      details,
    );
  }

  return [
    card(
      "Versions",
      make("p", { className: "soft" }, "Each save is a version. Restoring makes a new one; nothing is lost."),
      arriving("versions", async () => {
        await more();
        return list;
      }),
    ),
    card("Delete this campaign", make("p", { className: "soft" }, "Only its settings here. You see first what that means."), make("p", {}, button("Delete…", () => remove(model), { className: "danger" }))),
  ];
}

async function remove(model) {
  const { means, refused, version } = await read(`/api/campaigns/${model.id}/deletion`);
  if (refused) return say(refused, "bad");
  if (!(await confirmed("Delete this campaign?", means, "Delete it", "danger"))) return undefined;
  const { body } = await deleteCampaign(model.id, `"${version}"`);
  model.settings = JSON.parse(model.saved); // leaving loses nothing any more
  location.hash = "#/campaigns";
  return say(body.message);
}
