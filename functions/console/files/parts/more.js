// The tab More: people who joined before, and field names of webhooks.

import { all, button, card, first, make } from "./dom.js";
import { checkbox, field, input } from "./form.js";
import { more as texts } from "./texts/shell.js";

/** @param {Model} model */
export function moreTab(model) {
  const keep = (/** @type {boolean} */ value) => {
    model.settings.backfill = value;
    model.changed();
  };
  const text = make("pre", { className: "scroll", tabIndex: 0 });
  const whole = make("details", {}, make("summary", {}, texts.allAsText), text);
  whole.addEventListener("toggle", () => (text.textContent = JSON.stringify(model.document(), null, 2)));
  return [
    card(
      texts.joinedBefore,
      checkbox(texts.backfill, model.settings.backfill, keep, {
        place: "backfill",
        hint: texts.backfillHint,
      }),
    ),
    card(
      texts.namesTitle,
      make("p", { className: "soft" }, texts.aboutNames),
      aliases(model),
    ),
    card(texts.asText, whole),
  ];
}

/** @param {Model} model */
function aliases(model) {
  const rows = Object.entries(model.settings.aliases);
  const list = make("div", { className: "rows", "data-place": "aliases" });
  const keep = () => {
    model.settings.aliases = Object.fromEntries(rows.filter(([name]) => name));
    model.changed();
  };
  const render = () =>
    list.replaceChildren(
      ...rows.map((row, index) => {
        const name = field(texts.inTheWebhook, input(row[0], (text) => {
          row[0] = text;
          keep();
        }));
        const meaning = field(texts.means, input(row[1], (text) => {
          row[1] = text;
          keep();
        }));
        const remove = button("✕", () => {
          rows.splice(index, 1);
          keep();
          render();
          (all(list, "button")[Math.min(index, rows.length - 1)] ?? add).focus();
        }, { className: "small", "aria-label": texts.removeName(row[0]) });
        return make("div", { className: "map alias", "data-place": `aliases.${row[0]}` }, name, meaning, make("span", { className: "tools" }, remove));
      }),
    );
  render();
  const add = button(texts.addAName, () => {
    rows.push(["", ""]);
    render();
    first(list, ":scope > :last-child input").focus();
  });
  return make("div", {}, list, make("div", { className: "row" }, add));
}
