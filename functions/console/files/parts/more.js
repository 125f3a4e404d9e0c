// The tab More: people who joined before, and field names of webhooks.

import { button, card, make } from "./dom.js";
import { checkbox, field, input } from "./form.js";

export function moreTab(model) {
  const keep = (value) => {
    model.settings.backfill = value;
    model.changed();
  };
  const text = make("pre", { className: "scroll", tabIndex: 0 });
  const whole = make("details", {}, make("summary", {}, "All settings as text, for those who keep them in git"), text);
  whole.addEventListener("toggle", () => (text.textContent = JSON.stringify(model.document(), null, 2)));
  return [
    card(
      "People who joined before",
      checkbox("Send people who joined before the campaign became active, too", model.settings.backfill, keep, {
        place: "backfill",
        hint: "Otherwise only who joins from now on goes to Intercom.",
      }),
    ),
    card(
      "Names of webhook fields",
      make("p", { className: "soft" }, "Only if your webhooks call a field by another name: which field of a person it is, such as email or meta.Last Name."),
      aliases(model),
    ),
    card("As text", whole),
  ];
}

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
        const name = field("In the webhook", input(row[0], (text) => {
          row[0] = text;
          keep();
        }));
        const meaning = field("Means", input(row[1], (text) => {
          row[1] = text;
          keep();
        }));
        const remove = button("✕", () => {
          rows.splice(index, 1);
          keep();
          render();
          (list.querySelectorAll("button")[Math.min(index, rows.length - 1)] ?? add).focus();
        }, { className: "small", "aria-label": `Remove the name ${row[0]}` });
        return make("div", { className: "map alias", "data-place": `aliases.${row[0]}` }, name, meaning, make("span", { className: "tools" }, remove));
      }),
    );
  render();
  const add = button("Add a name", () => {
    rows.push(["", ""]);
    render();
    list.lastElementChild.querySelector("input").focus();
  });
  return make("div", {}, list, make("div", { className: "row" }, add));
}
