// A dropdown of the workspace's attributes: those that cannot be chosen say why; the last entry creates one.

import { attempt, make } from "./dom.js";
import { field, input, select } from "./form.js";
import { moment } from "./words.js";
import { askNewAttribute, loadAttributes, shortName } from "./workspace.js";

const CREATE = "\u0000create";

/** `only` may refuse an attribute with a reason. `tracking`: it is only watched, so that one which cannot be written will do. `label` unseen: the control stands in a table of rows. */
export function attributeSelect(model, value, changed, { empty = "Choose an attribute", only = () => "", label, reading = false, tracking = false, type = "string" } = {}) {
  const place = make("span", { className: "attribute" });
  const takes = make("span", { className: "hint takes" });
  let chosen = value;

  function render(focus = false) {
    const { items, problem } = model.attributes;
    const control = problem && !items.length ? input(chosen ? chosen : "", choose, { placeholder: "custom_attributes.referral_link" }) : dropdown(items);
    control.setAttribute("aria-label", label);
    place.replaceChildren(control, takes);
    describe();
    if (focus) control.focus();
  }

  function dropdown(items) {
    const typed = (one) => (one.takes && !reading ? ` – ${one.takes}` : "");
    const entry = (one) => {
      const why = whyNot(one, reading || tracking) || only(one);
      return [one.name, `${one.custom ? one.label || shortName(one.name) : one.label}${why ? "" : typed(one)}`, why];
    };
    const groups = [
      { group: "Standard attributes", options: items.filter((one) => !one.custom).map(entry) },
      { group: "Your own attributes", options: items.filter((one) => one.custom).map(entry) },
    ].filter(({ options }) => options.length);
    const unknown = chosen && !items.some((one) => one.name === chosen) ? [[chosen, `${shortName(chosen)} – not in Intercom`]] : [];
    const options = [["", empty], ...unknown, ...groups, ...(reading ? [] : [[CREATE, "Create a new attribute…"]])];
    return select(chosen ?? "", options, choose);
  }

  async function choose(next) {
    if (next !== CREATE) {
      chosen = next;
      changed(next);
      return describe();
    }
    const made = await attempt(() => askNewAttribute("", type));
    if (made) {
      await model.refresh(false);
      chosen = made.name;
      changed(made.name);
    }
    return render(true);
  }

  function describe() {
    const found = model.attributes.items.find((one) => one.name === chosen);
    takes.textContent = found && !reading ? `takes ${found.takes}` : "";
  }

  render();
  model.onAttributes(() => place.isConnected && render());
  return place;
}

function whyNot(one, reading) {
  if (reading) return one.can_be_read ? "" : "this application does not read it";
  return one.can_be_written ? "" : (one.why_not ?? "cannot be written").replace(/\.$/, "");
}

/** The same with a visible label, for a setting that names one attribute or none. */
export function attributeField(model, label, value, changed, { place, hint, ...others } = {}) {
  const control = attributeSelect(model, value, changed, { label, empty: "Not used", ...others });
  const made = field(label, make("span", {}), { place, hint });
  made.querySelector("label").removeAttribute("for");
  made.querySelector("span").replaceWith(control);
  return made;
}

/** Where the attributes come from, with the button that reads them anew. */
export function refreshBar(model, button) {
  const text = make("span", { className: "soft", role: "status" });
  const tell = () => {
    const { items, problem, at } = model.attributes;
    const meanwhile = items.length ? ["The list is the one read before, ", moment(at), "."] : ["Names can be typed meanwhile."];
    text.replaceChildren(...(problem ? [`Intercom’s attributes cannot be read: ${problem} `, ...meanwhile] : [`${items.length} attributes in your Intercom workspace.`]));
  };
  tell();
  model.onAttributes(tell);
  return make("div", { className: "row" }, button("Refresh attributes", () => model.refresh(true)), text);
}

export { loadAttributes };
