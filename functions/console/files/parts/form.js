// Controls with labels, and problems shown at the place that the API names.

import { all, make } from "./dom.js";

let made = 0;

/**
 * Enter in one of the place's fields presses the button.
 * @template {HTMLElement} T
 * @param {T} place
 * @param {HTMLElement} element
 */
export function pressedByEnter(place, element) {
  place.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !(event.target instanceof HTMLInputElement)) return;
    event.preventDefault();
    element.click();
  });
  return place;
}

/**
 * A labelled control. `place` is where it is in the settings, such as `sync.source.ids`.
 * @param {string} label
 * @param {HTMLElement} control
 * @param {{ place?: string, hint?: string, className?: string }} [more]
 */
export function field(label, control, { place, hint, className = "" } = {}) {
  control.id ||= `field-${++made}`;
  const help = hint ? make("p", { className: "hint", id: `${control.id}-hint` }, hint) : null;
  if (help) control.setAttribute("aria-describedby", help.id);
  return make("div", { className: `field ${className}`, "data-place": place }, make("label", { htmlFor: control.id }, label), control, help);
}

/**
 * @param {Scalar | null | undefined} value
 * @param {(text: string) => void} changed
 * @param {Record<string, any>} [properties]
 */
export function input(value, changed, properties = {}) {
  const control = make("input", { type: "text", ...properties, value: value ?? "" });
  control.addEventListener("input", () => changed(control.value));
  return control;
}

/**
 * `options`: `[value, text]`, or `{group, options}`; a third member of an option says why it cannot be chosen.
 * @param {Scalar | null | undefined} value
 * @param {Array<Choice | { group: string, options: Choice[] }>} options
 * @param {(value: string) => unknown} changed
 * @param {Record<string, any>} [properties]
 */
export function select(value, options, changed, properties = {}) {
  const control = make("select", properties);
  for (const option of options) {
    if ("group" in option) control.append(make("optgroup", { label: option.group }, ...option.options.map(entry)));
    else control.append(entry(option));
  }
  control.value = String(value ?? "");
  control.addEventListener("change", () => changed(control.value));
  return control;
}

/** @param {Choice} option */
const entry = ([value, text, why]) => make("option", { value, disabled: Boolean(why) }, why ? `${text} (${why})` : text);

/**
 * @param {string} label
 * @param {unknown} value
 * @param {(on: boolean) => void} changed
 * @param {{ place?: string, hint?: string }} [more]
 */
export function checkbox(label, value, changed, { place, hint } = {}) {
  const control = make("input", { type: "checkbox", checked: Boolean(value), id: `field-${++made}` });
  control.addEventListener("change", () => changed(control.checked));
  const help = hint ? make("p", { className: "hint", id: `${control.id}-hint` }, hint) : null;
  if (help) control.setAttribute("aria-describedby", help.id);
  return make("div", { className: "check", "data-place": place }, control, make("label", { htmlFor: control.id }, label), help);
}

/**
 * One of several, each with a sentence. `choices`: `[value, text, hint]`.
 * @param {string} legend
 * @param {string} value
 * @param {Choice[]} choices
 * @param {(value: any) => void} changed
 * @param {{ place?: string }} [more]
 */
export function radios(legend, value, choices, changed, { place } = {}) {
  const name = `choice-${++made}`;
  const rows = choices.map(([key, text, hint], index) => {
    const control = make("input", { type: "radio", name, id: `${name}-${index}`, value: key, checked: key === value });
    control.addEventListener("change", () => control.checked && changed(key));
    const label = make("label", { htmlFor: control.id }, make("strong", {}, text), hint ? make("span", { className: "hint" }, hint) : null);
    return make("div", { className: "choice" }, control, label);
  });
  return make("fieldset", { "data-place": place }, make("legend", {}, legend), ...rows);
}

/**
 * Shows each problem at its place below `root`; answers `[problem, element]` pairs, element null when no place fits.
 * @param {HTMLElement} root
 * @param {Remark[]} remarks
 * @param {string} [kind]
 * @returns {Array<[Remark, HTMLElement | null]>}
 */
export function placeRemarks(root, remarks, kind = "problem") {
  return remarks.map((remark) => {
    const element = nearest(root, remark.place);
    if (!element) return [remark, null];
    if ([...element.children].some((child) => child.matches(".remark") && child.textContent === remark.message)) return [remark, element];
    const id = `remark-${++made}`;
    element.append(make("p", { className: `remark ${kind}`, id, "data-about": remark.place }, remark.message));
    const control = element.matches("input, select, textarea") ? element : element.querySelector("input, select, textarea");
    if (control && kind === "problem" && element.dataset.place === remark.place) {
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", `${control.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
    }
    return [remark, element];
  });
}

/** @param {HTMLElement} root */
export function clearRemarks(root) {
  for (const remark of root.querySelectorAll(".remark")) remark.remove();
  for (const control of root.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/**
 * What was said about these places is over; `remarks` is what there is to say now.
 * @param {HTMLElement} root
 * @param {RegExp[]} places
 * @param {Remark[]} remarks
 */
export function replaceRemarks(root, places, remarks) {
  for (const remark of all(root, ".remark")) {
    if (!places.some((place) => place.test(remark.dataset.about ?? ""))) continue;
    for (const control of root.querySelectorAll("[aria-invalid]")) {
      if (control.getAttribute("aria-describedby")?.split(" ").includes(remark.id)) control.removeAttribute("aria-invalid");
    }
    remark.remove();
  }
  return placeRemarks(root, remarks, "warn");
}

/**
 * The element with the place, else with the longest one that leads to it.
 * @param {HTMLElement} root
 * @param {string} place
 * @returns {HTMLElement | null}
 */
function nearest(root, place) {
  /** @type {HTMLElement | null} */
  let best = null;
  let longest = "";
  for (const element of all(root, "[data-place]")) {
    const there = element.dataset.place ?? "";
    const leads = place === there || place.startsWith(`${there}.`) || place.startsWith(`${there}[`);
    if (leads && (!best || there.length > longest.length)) [best, longest] = [element, there];
  }
  return best;
}
