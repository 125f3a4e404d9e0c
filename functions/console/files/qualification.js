// The tab Qualification: what makes a referral successful.

import { attributeField, refreshBar } from "./attribute_select.js";
import { button, card, make } from "./dom.js";
import { checkbox, field, input, radios } from "./form.js";
import { valueControl } from "./defaults.js";

const AT = "qualification.trigger";

export function qualificationTab(model) {
  const details = make("div", {});
  const kindOf = () => model.settings.qualification?.trigger.kind ?? "none";
  const choices = [
    ["none", "Not by Intercom", "Referrals qualify in Referral Factory, or in another way."],
    ["attribute", "An attribute changes", "When custom Intercom user details update, such as a status that becomes “Connected”."],
    ["became_user", "The lead becomes a user", "When Intercom turns the lead into a user."],
  ];
  const kept = { attribute: { kind: "attribute", attribute: "", initial_value: null, qualified_values: [] }, became_user: { kind: "became_user" } };

  function choose(kind) {
    const before = model.settings.qualification;
    if (before) kept[before.trigger.kind] = before.trigger;
    const flags = { unqualify_on_reversal: before?.unqualify_on_reversal ?? false, qualify_skipped: before?.qualify_skipped ?? false };
    model.settings.qualification = kind === "none" ? null : { trigger: kept[kind], ...flags };
    model.changed();
    render();
  }

  function render() {
    const section = model.settings.qualification;
    if (!section) return details.replaceChildren();
    const keep = (name) => (value) => {
      section[name] = value;
      model.changed();
    };
    const more = card(
      "Special cases",
      checkbox("Take it back when the value changes back", section.unqualify_on_reversal, keep("unqualify_on_reversal"), {
        place: "qualification.unqualify_on_reversal",
        hint: "Otherwise a referral that qualified once stays qualified.",
      }),
      checkbox("Also for contacts that were in Intercom before and were left as they are", section.qualify_skipped, keep("qualify_skipped"), {
        place: "qualification.qualify_skipped",
        hint: "Otherwise only people whom this application sent qualify.",
      }),
    );
    return details.replaceChildren(...(section.trigger.kind === "attribute" ? [attributeCard(model, section.trigger, render)] : []), more);
  }

  render();
  const question = radios("When is a referral successful?", kindOf(), choices, choose, { place: "qualification" });
  return [card("Qualification trigger", question), details];
}

function attributeCard(model, trigger, render) {
  const known = () => model.attributes.items.find((one) => one.name === trigger.attribute);
  const attribute = attributeField(
    model,
    "Attribute to track",
    trigger.attribute,
    (name) => {
      trigger.attribute = name;
      model.changed();
      render();
    },
    { place: `${AT}.attribute`, empty: "Choose an attribute", type: "options" },
  );
  const initial = field(
    "First value, when the contact is created",
    valueControl(known(), trigger.initial_value, (value) => {
      trigger.initial_value = value === "" ? null : value;
      model.changed();
    }),
    { place: `${AT}.initial_value`, hint: "For example New. Empty: none is written." },
  );
  return card("The attribute", refreshBar(model, button), attribute, initial, qualifiedValues(model, trigger, known()));
}

function qualifiedValues(model, trigger, attribute) {
  const legend = make("legend", {}, "Values that make it successful");
  const whole = make("fieldset", { "data-place": `${AT}.qualified_values` }, legend);
  const set = (values) => {
    trigger.qualified_values = values;
    model.changed();
  };
  if (attribute?.options?.length) {
    const all = [...new Set([...attribute.options, ...trigger.qualified_values])];
    const toggle = (option) => (on) => set(on ? [...trigger.qualified_values, option] : trigger.qualified_values.filter((each) => each !== option));
    whole.append(...all.map((option) => checkbox(String(option), trigger.qualified_values.includes(option), toggle(option))));
    return whole;
  }
  const typed = input(trigger.qualified_values.join(", "), (text) => set(parse(text, attribute)));
  whole.append(field("Values, with commas between", typed, { hint: "For example Connected." }));
  return whole;
}

function parse(text, attribute) {
  const words = text.split(",").map((word) => word.trim()).filter(Boolean);
  if (attribute?.data_type === "boolean") return words.map((word) => (["true", "false"].includes(word.toLowerCase()) ? word.toLowerCase() === "true" : word));
  const isNumber = ["integer", "float"].includes(attribute?.data_type);
  return words.map((word) => (isNumber && Number.isFinite(Number(word)) ? Number(word) : word));
}
