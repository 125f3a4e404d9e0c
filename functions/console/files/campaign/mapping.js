// Rows that say which fact goes to which attribute.

import { attributeSelect } from "../parts/attribute_select.js";
import { ask } from "../parts/dialog.js";
import { button, kept, make } from "../parts/dom.js";
import { field, input, select } from "../parts/form.js";
import { valueControl } from "./defaults.js";
import { isFixed, SOURCE_GROUPS, sourceName } from "./sources.js";
import { targetsOf } from "./suggest.js";
import { SOURCE_GROUP_NAMES } from "../parts/texts/fields.js";
import { common } from "../parts/texts/common.js";
import { mapping as texts } from "../parts/texts/campaign.js";

const OTHER = "\u0000other";

/**
 * `rows` is changed in place. `place` is where they are in the settings. `labels`: the campaign form's own fields.
 * @param {Model} model
 * @param {Api.AudienceRow[]} rows
 * @param {string} place
 * @param {string} audience
 */
export function mappingEditor(model, rows, place, audience) {
  const list = make("div", { className: "rows", role: "group", "aria-label": texts.fieldMapping });
  /**
   * Draws the rows again; `focused` is the control that has the focus then.
   * @param {string} [focused]
   */
  function render(focused) {
    const heads = rows.length ? make("div", { className: "map heads", "aria-hidden": "true" }, make("span", {}, texts.fromReferralFactory), make("span", {}), make("span", {}, texts.toIntercom)) : null;
    list.replaceChildren(...kept([heads, ...rows.map(row)]));
    if (focused) (list.querySelector(`[aria-label^="${focused}"]:not(:disabled)`) ?? add).focus();
  }

  /** @param {string} focused */
  function changed(focused) {
    model.changed();
    render(focused);
  }

  /**
   * @param {Api.AudienceRow} each
   * @param {number} index
   */
  function row(each, index) {
    const number = index + 1;
    const cell = make("span", { "data-place": `${place}[${index}].to` });
    const source = isFixed(each) ? fixedValue(model, each, index) : sourceSelect(model, audience, each.from ?? "", (from, isNew) => {
      const usual = usualTarget(model, each.from);
      each.from = from;
      if (!each.to || each.to === usual) each.to = usualTarget(model, from);
      if (isNew) return changed(texts.fromOf(number)); // it is no entry of the list yet
      cell.replaceChildren(target()); // the list itself stays, so that one can type on
      remove.setAttribute("aria-label", nameOfRemoval());
      return model.changed();
    });
    if (!isFixed(each)) source.setAttribute("aria-label", texts.fromOf(number));

    function target() {
      const { names, type } = targetsOf(each.from ?? "");
      const only = (/** @type {Api.AttributeAnswer} */ one) => (one.name === "email" && each.from !== "email" ? texts.takesTheEmailOnly : "");
      const choose = (/** @type {string} */ to) => {
        each.to = to;
        return isFixed(each) ? changed(texts.toOf(number)) : model.changed(); // another attribute may take other fixed values
      };
      return attributeSelect(model, each.to, choose, { label: texts.toOf(number), suggested: names, type, only });
    }

    const nameOfRemoval = () => texts.removeRow(index + 1, isFixed(each) ? texts.fixedValue : sourceName(each.from ?? ""));
    cell.append(target());
    const up = button("↑", () => move(index), { disabled: index === 0, "aria-label": texts.moveUp(index + 1), className: "small" });
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

  /** @param {number} index */
  function move(index) {
    rows.splice(index - 1, 0, ...rows.splice(index, 1));
    changed(index > 1 ? texts.moveUp(index) : texts.removalOf(index));
  }

  /** @param {number} index */
  function drop(index) {
    rows.splice(index, 1);
    changed(texts.removalOf(Math.min(index + 1, rows.length)));
  }

  /**
   * @param {string} text
   * @param {() => Api.AudienceRow} empty
   * @param {(row: number) => string} labelOf
   */
  const adds = (text, empty, labelOf) =>
    button(text, () => {
      rows.push(empty());
      changed(labelOf(rows.length));
    });
  const add = adds(common.addARow, () => ({ from: "", to: "" }), texts.fromOf);
  const addFixed = adds(texts.addAFixedValue, () => ({ value: "", to: "" }), texts.fixedValueOf);
  render();
  const hint = make("p", { className: "hint" }, texts.hint);
  const whole = make("div", { "data-place": place }, list, make("div", { className: "row" }, add, addFixed), hint);
  return Object.assign(whole, { render: () => render() });
}

/**
 * The attribute that a fact usually goes to, if Intercom has it.
 * @param {Model} model
 * @param {string | null | undefined} from
 */
function usualTarget(model, from) {
  const { names } = targetsOf(from ?? "");
  return model.attributes.items.find((one) => one.can_be_written && names.includes(one.name.replace(/^custom_attributes\./, "")))?.name ?? "";
}

/**
 * @param {Model} model
 * @param {Api.AudienceRow} each
 * @param {number} index
 */
function fixedValue(model, each, index) {
  const attribute = model.attributes.items.find((one) => one.name === each.to);
  const keep = (/** @type {Scalar} */ value) => {
    each.value = value;
    model.changed();
  };
  return valueControl(attribute, each.value, keep, { "aria-label": texts.fixedValueOf(index + 1), placeholder: texts.suchAsReferral });
}

/**
 * @param {Model} model
 * @param {string} audience
 * @param {string} value
 * @param {(from: string, isNew?: boolean) => unknown} changed
 */
function sourceSelect(model, audience, value, changed) {
  const labels = new Set(model.labels(audience));
  if (value.startsWith("meta.")) labels.add(value.slice(5));
  const fields = { group: SOURCE_GROUP_NAMES.form, options: [...[...labels].map((label) => [`meta.${label}`, label]), [OTHER, texts.anotherFieldEntry]] };
  return select(value, [["", texts.chooseAField], ...SOURCE_GROUPS, fields], async (next) => {
    if (next !== OTHER) return changed(next);
    const label = await askLabel();
    return label ? changed(label, true) : changed(value, true);
  });
}

async function askLabel() {
  const label = { text: "" };
  const content = field(common.labelOfTheField, input("", (text) => (label.text = text.trim())), { hint: texts.labelHint });
  const yes = await ask(texts.anotherFieldTitle, content, [
    [common.cancel, false],
    [texts.useIt, true, "first"],
  ]);
  return yes && label.text ? `meta.${label.text}` : null;
}
