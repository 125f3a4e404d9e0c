// Values that a contact gets when it is created.

import { attributeSelect } from "../parts/attribute_select.js";
import { button, make } from "../parts/dom.js";
import { input, select } from "../parts/form.js";
import { defaults as texts } from "../parts/texts/campaign.js";

/**
 * A control for a value of the attribute: its options, yes and no, or what is typed, as the attribute's type.
 * @param {Api.AttributeAnswer | undefined} attribute
 * @param {Scalar | null | undefined} value
 * @param {(value: Scalar) => void} changed
 * @param {Record<string, any>} [properties]
 */
export function valueControl(attribute, value, changed, properties = {}) {
  if (attribute?.options?.length) {
    const unknown = value !== "" && value !== undefined && value !== null && !attribute.options.includes(String(value)) ? [[value, texts.notAnOption(value)]] : [];
    return select(value ?? "", [["", texts.choose], ...unknown, ...attribute.options.map((option) => [option, option])], changed, properties);
  }
  if (attribute?.data_type === "boolean") {
    const options = [["", texts.choose], ["true", texts.yes], ["false", texts.no]];
    return select(value === undefined || value === null ? "" : String(value), options, (text) => changed(text === "" ? "" : text === "true"), properties);
  }
  const isNumber = ["integer", "float"].includes(attribute?.data_type ?? "");
  const typed = (/** @type {string} */ text) => changed(isNumber && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
  return input(value ?? "", typed, { inputMode: isNumber ? "decimal" : undefined, type: attribute?.data_type === "date" ? "date" : "text", ...properties });
}

/**
 * `section.defaults` is replaced at each change, so that rows may be unfinished.
 * @param {Model} model
 * @param {Api.AudienceSettings} section
 * @param {string} place
 */
export function defaultsEditor(model, section, place) {
  const rows = Object.entries(section.defaults ?? {});
  const list = make("div", { className: "rows", role: "group", "aria-label": texts.defaultValues });

  function keep() {
    section.defaults = Object.fromEntries(rows.filter(([name]) => name));
    model.changed();
  }

  function render() {
    list.replaceChildren(...rows.map(show));
  }

  /**
   * @param {[name: string, value: Scalar]} row
   * @param {number} index
   */
  function show(row, index) {
    const known = model.attributes.items.find((one) => one.name === row[0]);
    const target = attributeSelect(
      model,
      row[0],
      (name) => {
        row[0] = name;
        keep();
        render();
      },
      { label: texts.attributeOf(index + 1), suggested: ["lead_source"], only: (one) => (one.name === "email" ? texts.comesFromThePerson : "") },
    );
    const value = valueControl(known, row[1], (next) => {
      row[1] = next;
      keep();
    }, { "aria-label": texts.valueIn(index + 1) });
    const remove = button("✕", () => {
      rows.splice(index, 1);
      keep();
      render();
      (list.querySelectorAll(".tools button")[Math.min(index, rows.length - 1)] ?? add).focus();
    }, { className: "small", "aria-label": texts.removeOne(index + 1) });
    return make("div", { className: "map", "data-place": `${place}.${row[0]}` }, target, make("span", { className: "arrow", "aria-hidden": "true" }, "="), value, make("span", { className: "tools" }, remove));
  }

  const add = button(texts.addADefault, () => {
    rows.push(["", ""]);
    render();
    list.lastElementChild?.querySelector("select, input")?.focus();
  });
  render();
  model.onAttributes(() => list.isConnected && render());
  return make("div", { "data-place": place }, list, make("div", { className: "row" }, add));
}
