// The tab Qualification: what makes a referral successful.

import { attributeField, refreshBar } from "../parts/attribute_select.js";
import { button, card, kept, make } from "../parts/dom.js";
import { checkbox, field, input, radios } from "../parts/form.js";
import { valueControl } from "./defaults.js";
import { common } from "../parts/texts/common.js";
import { qualification as texts } from "../parts/texts/campaign.js";

const AT = "qualification.trigger";

/** @param {Model} model */
export function qualificationTab(model) {
  const details = make("div", {});
  const kindOf = () => model.settings.qualification?.trigger.kind ?? "none";
  const choices = texts.choices;
  /** @type {{ attribute: Api.AttributeTrigger, became_user: Api.BecameUserTrigger }} */
  const last = { attribute: { kind: "attribute", attribute: "", initial_value: null, qualified_values: [] }, became_user: { kind: "became_user" } };

  /** @param {"none" | "attribute" | "became_user"} kind */
  function choose(kind) {
    const before = model.settings.qualification;
    if (before) Object.assign(last, { [before.trigger.kind]: before.trigger });
    const flags = { unqualify_on_reversal: before?.unqualify_on_reversal ?? false, take_back_accepted: [], qualify_skipped: before?.qualify_skipped ?? false };
    model.settings.qualification = kind === "none" ? null : { trigger: last[kind], ...flags };
    model.changed();
    render();
  }

  function render() {
    const section = model.settings.qualification;
    if (!section) return details.replaceChildren();
    const keep = (/** @type {"unqualify_on_reversal" | "qualify_skipped"} */ name) => (/** @type {boolean} */ value) => {
      section[name] = value;
      model.changed();
    };
    const more = card(
      texts.specialCases,
      checkbox(texts.takeBack, section.unqualify_on_reversal, keep("unqualify_on_reversal"), {
        place: "qualification.unqualify_on_reversal",
        hint: texts.takeBackHint,
      }),
      takeBack(model, section),
      checkbox(texts.skipped, section.qualify_skipped, keep("qualify_skipped"), {
        place: "qualification.qualify_skipped",
        hint: texts.skippedHint,
      }),
    );
    return details.replaceChildren(...kept([section.trigger.kind === "attribute" ? attributeCard(model, section.trigger) : null, more]));
  }

  render();
  const question = radios(texts.question, kindOf(), choices, choose, { place: "qualification" });
  return [card(texts.title, question), details];
}

/**
 * @param {Model} model
 * @param {Api.AttributeTrigger} trigger
 */
function attributeCard(model, trigger) {
  const known = () => model.attributes.items.find((one) => one.name === trigger.attribute);
  const attribute = attributeField(
    model,
    texts.attributeToTrack,
    trigger.attribute,
    (name) => {
      trigger.attribute = name;
      model.changed();
      fill();
    },
    { place: `${AT}.attribute`, empty: common.chooseAnAttribute, type: "options", tracking: true },
  );
  const rest = make("div", {}); // which depends on the attribute
  function fill() {
    const isReadOnly = known()?.can_be_written === false && trigger.initial_value === null;
    const change = (/** @type {Scalar} */ value) => {
      trigger.initial_value = value === "" ? null : value;
      model.changed();
    };
    const initial = isReadOnly ? null : field(texts.firstValue, valueControl(known(), trigger.initial_value, change), { place: `${AT}.initial_value`, hint: texts.firstValueHint });
    rest.replaceChildren(...kept([messengerRisk(model, trigger, known()), initial, qualifiedValues(model, trigger, known())]));
  }
  fill();
  return card(texts.theAttribute, refreshBar(model, button), attribute, rest);
}

/**
 * Only where a visitor can set the attribute, or the risk was accepted before.
 * @param {Model} model
 * @param {Api.AttributeTrigger} trigger
 * @param {Api.AttributeAnswer | undefined} attribute
 */
function messengerRisk(model, trigger, attribute) {
  const accepted = Boolean(trigger.attribute) && trigger.messenger_risk_accepted === trigger.attribute;
  if (!attribute?.messenger_writable && !accepted) return null;
  const change = (/** @type {boolean} */ on) => {
    trigger.messenger_risk_accepted = on ? trigger.attribute : null;
    model.changed();
  };
  return checkbox(texts.messengerRisk, accepted, change, {
    place: `${AT}.messenger_risk_accepted`,
    hint: texts.messengerRiskHint,
  });
}

/**
 * Asks only where values made people successful that no longer do, as soon as they are taken out.
 * @param {Model} model
 * @param {Api.Qualification} section
 */
function takeBack(model, section) {
  const place = make("div", {});
  let shown = "";
  const show = () => {
    const gone = section.unqualify_on_reversal ? goneValues(model, section.trigger) : [];
    if (JSON.stringify(gone) === shown) return;
    shown = JSON.stringify(gone);
    place.replaceChildren(...(gone.length ? [takeBackBox(model, section, gone)] : []));
  };
  model.onChange(show);
  show();
  return place;
}

/**
 * @param {Model} model
 * @param {Api.Qualification["trigger"]} trigger
 * @returns {Scalar[]}
 */
function goneValues(model, trigger) {
  const before = model.before().qualification?.trigger;
  if (before?.kind !== "attribute" || trigger.kind !== "attribute") return [];
  return before.qualified_values.filter((value) => before.attribute !== trigger.attribute || !trigger.qualified_values.includes(value));
}

/**
 * @param {Model} model
 * @param {Api.Qualification} section
 * @param {Scalar[]} gone
 */
function takeBackBox(model, section, gone) {
  const accepted = gone.every((value) => section.take_back_accepted?.includes(value));
  const change = (/** @type {boolean} */ on) => {
    section.take_back_accepted = on ? gone : [];
    model.changed();
  };
  return checkbox(texts.takeBackFrom(gone), accepted, change, {
    place: "qualification.take_back_accepted",
    hint: texts.takeBackFromHint,
  });
}

/**
 * @param {Model} model
 * @param {Api.AttributeTrigger} trigger
 * @param {Api.AttributeAnswer | undefined} attribute
 */
function qualifiedValues(model, trigger, attribute) {
  const legend = make("legend", {}, texts.values);
  const whole = make("fieldset", { "data-place": `${AT}.qualified_values` }, legend);
  const set = (/** @type {Scalar[]} */ values) => {
    trigger.qualified_values = values;
    model.changed();
  };
  if (attribute?.options?.length) {
    const all = [...new Set([...attribute.options, ...trigger.qualified_values])];
    const toggle = (/** @type {Scalar} */ option) => (/** @type {boolean} */ on) => set(on ? [...trigger.qualified_values, option] : trigger.qualified_values.filter((each) => each !== option));
    whole.append(...all.map((option) => checkbox(String(option), trigger.qualified_values.includes(option), toggle(option))));
    return whole;
  }
  const typed = input(trigger.qualified_values.join(", "), (text) => set(parse(text, attribute)));
  whole.append(field(texts.typedValues, typed, { hint: texts.typedValuesHint }));
  return whole;
}

/**
 * @param {string} text
 * @param {Api.AttributeAnswer | undefined} attribute
 * @returns {Scalar[]}
 */
function parse(text, attribute) {
  const words = text.split(",").map((word) => word.trim()).filter(Boolean);
  if (attribute?.data_type === "boolean") return words.map((word) => (["true", "false"].includes(word.toLowerCase()) ? word.toLowerCase() === "true" : word));
  const isNumber = ["integer", "float"].includes(attribute?.data_type ?? "");
  return words.map((word) => (isNumber && Number.isFinite(Number(word)) ? Number(word) : word));
}
