// Rows that say which fact goes to which attribute.

import { attributeSelect } from "../parts/attribute_select.js";
import { ask } from "../parts/dialog.js";
import { button, make } from "../parts/dom.js";
import { field, input, select } from "../parts/form.js";
import { valueControl } from "./defaults.js";
import { isFixed, SOURCE_GROUPS, sourceName } from "./sources.js";
import { targetsOf } from "./suggest.js";
import { SOURCE_GROUP_NAMES } from "../parts/texts/fields.js";

const OTHER = "\u0000other";

/** `rows` is changed in place. `place` is where they are in the settings. `labels`: the campaign form's own fields. */
export function mappingEditor(model, rows, place, audience) {
  const list = make("div", { className: "rows", role: "group", "aria-label": "Field mapping" });
  /** Draws the rows anew; `focused` is the control that has the focus then. */
  function render(focused) {
    const heads = rows.length ? make("div", { className: "map heads", "aria-hidden": "true" }, make("span", {}, "From Referral Factory"), make("span", {}), make("span", {}, "To Intercom")) : null;
    list.replaceChildren(...[heads, ...rows.map(row)].filter(Boolean));
    if (focused) (list.querySelector(`[aria-label^="${focused}"]:not(:disabled)`) ?? add).focus();
  }

  function changed(focused) {
    model.changed();
    render(focused);
  }

  function row(each, index) {
    const name = `Row ${index + 1}`;
    const cell = make("span", { "data-place": `${place}[${index}].to` });
    const source = isFixed(each) ? fixedValue(model, each, index) : sourceSelect(model, audience, each.from, (from, isNew) => {
      const usual = usualTarget(model, each.from);
      each.from = from;
      if (!each.to || each.to === usual) each.to = usualTarget(model, from);
      if (isNew) return changed(`${name}: from`); // it is no entry of the list yet
      cell.replaceChildren(target()); // the list itself stays, so that one can type on
      remove.setAttribute("aria-label", nameOfRemoval());
      return model.changed();
    });
    if (!isFixed(each)) source.setAttribute("aria-label", `${name}: from`);

    function target() {
      const { names, type } = targetsOf(each.from ?? "");
      const only = (one) => (one.name === "email" && each.from !== "email" ? "takes the e-mail only" : "");
      const choose = (to) => {
        each.to = to;
        return isFixed(each) ? changed(`${name}: to`) : model.changed(); // another attribute may take other fixed values
      };
      return attributeSelect(model, each.to, choose, { label: `${name}: to`, suggested: names, type, only });
    }

    const nameOfRemoval = () => `Remove row ${index + 1}, ${isFixed(each) ? "fixed value" : sourceName(each.from)}`;
    cell.append(target());
    const up = button("↑", () => move(index), { disabled: index === 0, "aria-label": `Move row ${index + 1} up`, className: "small" });
    const remove = button("✕", () => drop(index), { "aria-label": nameOfRemoval(), className: "small" });
    return make(
      "div",
      { className: "map", "data-place": `${place}[${index}]` },
      make("span", { "data-place": `${place}[${index}].${isFixed(each) ? "value" : "from"}` }, source),
      make("span", { className: "arrow", "aria-hidden": "true" }, "→"),
      cell,
      make("span", { className: "tools" }, up, remove),
    );
  }

  function move(index) {
    rows.splice(index - 1, 0, ...rows.splice(index, 1));
    changed(index > 1 ? `Move row ${index} up` : `Remove row ${index}`);
  }

  function drop(index) {
    rows.splice(index, 1);
    changed(`Remove row ${Math.min(index + 1, rows.length)}`);
  }

  const adds = (text, empty, focused) =>
    button(text, () => {
      rows.push(empty());
      changed(`Row ${rows.length}: ${focused}`);
    });
  const add = adds("Add a row", () => ({ from: "", to: "" }), "from");
  const addFixed = adds("Add a fixed value", () => ({ value: "", to: "" }), "fixed value");
  render();
  const hint = make("p", { className: "hint" }, "Two rows to one text attribute are joined by a space, from top to bottom. A fixed value is the same for everybody, also for contacts that are updated.");
  const whole = make("div", { "data-place": place }, list, make("div", { className: "row" }, add, addFixed), hint);
  whole.render = () => render();
  return whole;
}

/** The attribute that a fact usually goes to, if Intercom has it. */
function usualTarget(model, from) {
  const { names } = targetsOf(from);
  return model.attributes.items.find((one) => one.can_be_written && names.includes(one.name.replace(/^custom_attributes\./, "")))?.name ?? "";
}

function fixedValue(model, each, index) {
  const attribute = model.attributes.items.find((one) => one.name === each.to);
  const keep = (value) => {
    each.value = value;
    model.changed();
  };
  return valueControl(attribute, each.value, keep, { "aria-label": `Row ${index + 1}: fixed value`, placeholder: "such as referral" });
}

function sourceSelect(model, audience, value, changed) {
  const labels = new Set(model.labels(audience));
  if (value.startsWith("meta.")) labels.add(value.slice(5));
  const fields = { group: SOURCE_GROUP_NAMES.form, options: [...[...labels].map((label) => [`meta.${label}`, label]), [OTHER, "Another form field…"]] };
  return select(value, [["", "Choose a field"], ...SOURCE_GROUPS, fields], async (next) => {
    if (next !== OTHER) return changed(next);
    const label = await askLabel();
    return label ? changed(label, true) : changed(value, true);
  });
}

async function askLabel() {
  const label = { text: "" };
  const content = field("Label of the form field", input("", (text) => (label.text = text.trim())), { hint: "Exactly as it stands in the campaign's form, such as Last Name." });
  const yes = await ask("Another form field", content, [
    ["Cancel", false],
    ["Use it", true, "first"],
  ]);
  return yes && label.text ? `meta.${label.text}` : null;
}
