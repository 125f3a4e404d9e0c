// Choosing one of the workspace's attributes: suggested, one's own, standard ones; those that cannot be chosen say why; the last entry creates one.

import { attempt, first, make, say } from "./dom.js";
import { field, input } from "./form.js";
import { picker } from "./picker.js";
import { TYPE_NAMES } from "./texts/fields.js";
import { moment } from "./words.js";
import { askNewAttribute, create, loadAttributes, shortName } from "./workspace.js";
import { common } from "./texts/common.js";
import { attributeSelect as texts } from "./texts/shell.js";
import { html, render } from "./view.js";

const PLAIN = "text"; // what needs no word

/**
 * `only` may refuse an attribute with a reason. `suggested`: short names that fit here, the best first. `tracking`: it is only watched, so
 * that one which cannot be written will do. `reading`: values are read from it. `type`: of one that is created.
 * @param {Model} model
 * @param {string | null | undefined} value
 * @param {(name: string) => unknown} changed
 * @param {AttributeOptions} [options]
 */
export function attributeSelect(model, value, changed, { empty = common.chooseAnAttribute, only = () => "", label, reading = false, tracking = false, type = "string", suggested = [], clearable = false } = {}) {
  const place = make("span", { className: "attribute" });
  const takes = make("span", { className: "hint takes" });
  let chosen = value;

  function render(focus = false) {
    const { items, problem } = model.attributes;
    const control = problem && !items.length ? typed() : listed();
    place.replaceChildren(control, takes);
    describe();
    if (focus) first(place, "input").focus();
  }

  /** While nobody can say which there are. */
  const typed = () => input(chosen ?? "", choose, { placeholder: "custom_attributes.referral_link", "aria-label": label });

  const listed = () => picker({ value: chosen, groups, textOf, choose, create: reading ? undefined : fresh, label, placeholder: empty, clearable }).element;

  const textOf = (/** @type {string} */ name) => {
    const found = model.attributes.items.find((one) => one.name === name);
    return found ? titleOf(found) : texts.notInIntercom(shortName(name));
  };

  function groups() {
    const { items } = model.attributes;
    const entry = (/** @type {Api.AttributeAnswer} */ one) => {
      const why = whyNot(one, reading || tracking) || only(one);
      return { value: one.name, text: titleOf(one), hint: reading ? "" : one.takes, why };
    };
    const best = suggested.flatMap((name) => items.find((one) => shortName(one.name) === name) ?? []);
    const others = items.filter((one) => !best.includes(one));
    return [
      { group: texts.suggested, options: best.map(entry) },
      { group: texts.yourOwn, options: others.filter((one) => one.custom).map(entry) },
      { group: texts.standard, options: others.filter((one) => !one.custom).map(entry) },
    ];
  }

  /**
   * The entry that creates what was typed, or what is suggested and missing.
   * @param {string} text
   */
  function fresh(text) {
    const known = new Set(model.attributes.items.map((one) => shortName(one.name).toLowerCase()));
    const missing = suggested.find((name) => !known.has(name));
    const name = text || missing || "";
    if (!name || known.has(name.toLowerCase()) || type === "options") {
      return { text: texts.createNew, make: () => attempt(async () => took(await askNewAttribute(known.has(name.toLowerCase()) ? "" : name, type))) };
    }
    return { text: texts.createNamed(name, TYPE_NAMES[type].toLowerCase()), make: () => attempt(async () => took(await create(name, type))) };
  }

  /** @param {Api.AttributeAnswer | null} made */
  async function took(made) {
    if (made) {
      await model.refresh(false);
      chosen = made.name;
      changed(made.name);
      say(texts.isInIntercom(shortName(made.name)));
    }
    render(true);
  }

  /** @param {string} next */
  function choose(next) {
    chosen = next;
    changed(next);
    describe();
  }

  function describe() {
    const found = model.attributes.items.find((one) => one.name === chosen);
    takes.textContent = found && !reading && found.takes !== PLAIN ? texts.takes(found.takes) : "";
  }

  render();
  model.onAttributes(() => place.isConnected && !place.contains(document.activeElement) && render());
  return place;
}

/** @param {Api.AttributeAnswer} one */
const titleOf = (one) => (one.custom ? one.label || shortName(one.name) : one.label);

/**
 * @param {Api.AttributeAnswer} one
 * @param {boolean} reading
 */
function whyNot(one, reading) {
  if (reading) return one.can_be_read ? "" : texts.notRead;
  return one.can_be_written ? "" : (one.why_not ?? texts.notWritten).replace(/\.$/, "");
}

/**
 * The same with a visible label, for a setting that names one attribute or none.
 * @param {Model} model
 * @param {string} label
 * @param {string | null | undefined} value
 * @param {(name: string) => unknown} changed
 * @param {AttributeOptions & { place?: string, hint?: string }} [options]
 */
export function attributeField(model, label, value, changed, { place, hint, ...others } = {}) {
  const control = attributeSelect(model, value, changed, { label, empty: texts.notUsed, clearable: true, ...others });
  const made = field(label, make("span", {}), { place, hint });
  first(made, "label").removeAttribute("for");
  first(made, "span").replaceWith(control);
  return made;
}

/**
 * Where the attributes come from, with the button that reads them again.
 * @param {Model} model
 * @param {typeof import("./dom.js").button} button
 */
export function refreshBar(model, button) {
  const text = make("span", { className: "soft", role: "status" });
  const tell = () => {
    const { items, problem, at } = model.attributes;
    const meanwhile = items.length ? html`${texts.readBefore}${moment(at)}.` : texts.canBeTyped;
    render(problem ? html`${texts.cannotBeRead(problem)}${meanwhile}` : html`${texts.count(items.length)}`, text);
  };
  tell();
  model.onAttributes(tell);
  return make("div", { className: "row" }, button(texts.refreshAttributes, () => model.refresh(true)), text);
}

export { loadAttributes };
