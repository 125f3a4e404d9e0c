// A list to choose from that one can search, as the ARIA authoring practices describe a combobox with a list.

import { all, make } from "./dom.js";
import { picker as texts } from "./texts/shell.js";

let made = 0;

/**
 * `groups()`: `[{group, options: [{value, text, hint, why}]}]`; `why` says why an option cannot be chosen. `create(text)`: what the last
 * entry would make of what was typed, `{text, make}`, or null. `choose` is called with the value; "" takes the choice away.
 * @param {PickerOptions} options
 */
export function picker({ value, groups, textOf, choose, create = () => null, label, placeholder = texts.choose, clearable = false }) {
  let chosen = value ?? "";
  let open = false;
  let active = -1;
  const id = `picker-${++made}`;
  const control = make("input", { type: "text", role: "combobox", id, "aria-label": label, "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`, autocomplete: "off", spellcheck: false, placeholder });
  const list = make("ul", { id: `${id}-list`, role: "listbox", className: "picker-list", "aria-label": texts.choices, hidden: true });
  const element = make("span", { className: "picker" }, control, list);
  const entries = () => all(list, "[role=option]");
  /** @type {WeakMap<HTMLElement, (() => unknown) | undefined>} */
  const takes = new WeakMap(); // what choosing an entry does

  function show() {
    control.value = chosen ? textOf(chosen) : "";
    control.dataset.value = chosen;
  }

  function words() {
    return open && control.value !== (chosen ? textOf(chosen) : "") ? control.value.trim() : "";
  }

  function draw() {
    const wanted = folded(words());
    const found = groups()
      .map(({ group, options }) => ({ group, options: options.filter((one) => folded(`${one.text} ${one.value}`).includes(wanted)) }))
      .filter(({ options }) => options.length);
    /** @type {HTMLElement[]} */
    const rest = [];
    if (clearable && chosen && !wanted) rest.push(entry({ text: texts.none, take: () => pick("") }));
    const fresh = create(words());
    if (fresh) rest.push(entry({ text: fresh.text, take: fresh.make, className: "create" }));
    if (!found.length && !fresh) rest.push(make("li", { role: "presentation", className: "soft" }, texts.nothingMatches));
    list.replaceChildren(
      ...found.map(({ group, options }) => make("li", { role: "presentation" }, make("ul", { role: "group", "aria-label": group }, make("li", { role: "presentation", className: "picker-group" }, group), ...options.map((one) => entry({ ...one, take: () => pick(one.value ?? "") }))))),
      ...rest,
    );
    activate(entries().findIndex((one) => one.getAttribute("aria-selected") === "true"), false);
  }

  /** @param {PickerEntry} option */
  function entry({ value: own, text, hint, why, take, className = "" }) {
    const item = make(
      "li",
      { role: "option", id: `${id}-${++made}`, className, "aria-selected": String(own !== undefined && own === chosen), "aria-disabled": why ? "true" : null },
      make("span", {}, text),
      why || hint ? make("span", { className: "soft small" }, why || hint) : null,
    );
    item.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the field keeps the focus
      if (!why) take?.();
    });
    takes.set(item, why ? undefined : take);
    return item;
  }

  /**
   * @param {number} index
   * @param {boolean} [scroll]
   */
  function activate(index, scroll = true) {
    const all = entries();
    active = all.length ? Math.max(-1, Math.min(index, all.length - 1)) : -1;
    all.forEach((one, at) => one.classList.toggle("active", at === active));
    if (active < 0) control.removeAttribute("aria-activedescendant");
    else control.setAttribute("aria-activedescendant", all[active].id);
    if (active >= 0) all[active].scrollIntoView({ block: scroll ? "nearest" : "center" });
  }

  function unfold() {
    if (open) return;
    open = true;
    list.hidden = false;
    control.setAttribute("aria-expanded", "true");
    draw();
  }

  function fold() {
    open = false;
    list.hidden = true;
    control.setAttribute("aria-expanded", "false");
    control.removeAttribute("aria-activedescendant");
    show();
  }

  /** @param {string} next */
  function pick(next) {
    const isOther = next !== chosen;
    chosen = next;
    fold();
    if (isOther) choose(next);
  }

  control.addEventListener("click", () => {
    control.select();
    unfold();
  });
  control.addEventListener("input", () => {
    unfold();
    draw();
    activate(entries().findIndex((one) => takes.get(one)), false);
  });
  control.addEventListener("blur", fold);
  control.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (step) {
      event.preventDefault();
      if (!open) return unfold();
      return activate(active < 0 && step < 0 ? entries().length - 1 : active + step);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      if (!open) return unfold();
      return takes.get(entries()[active])?.();
    }
    if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      fold();
    }
    return undefined;
  });
  show();
  return {
    element,
    control,
    /** @param {string | null} next */
    set(next) {
      chosen = next ?? "";
      show();
    },
  };
}

/** @param {string} text */
const folded = (text) => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/[\s_]+/g, " ").trim();
