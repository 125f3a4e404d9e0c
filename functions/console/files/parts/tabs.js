// Tabs as the ARIA authoring practices describe them: arrows move, panels that are not shown keep their state.

import { all, kept, make } from "./dom.js";
import { tabs as texts } from "./texts/shell.js";

/**
 * `entries`: `[key, title, build, isLazy]`; a lazy one is built when it is first opened. `moved` is told the key of the tab that a person chose. Up to the tab `last`, each ends with the way to the next.
 * @param {Array<[key: string, title: string, build: () => Child, isLazy?: boolean]>} entries
 * @param {string | undefined} first
 * @param {(key: string) => void} moved
 * @param {string} last
 */
export function tabs(entries, first, moved, last) {
  const keys = entries.map(([key]) => key);
  let chosen = first && keys.includes(first) ? first : keys[0];
  const list = make("div", { role: "tablist", className: "tabs", "aria-label": texts.settings });
  /** @type {Map<string, HTMLElement>} */
  const panels = new Map();
  /** @type {Map<string, HTMLElement>} */
  const heads = new Map();
  /** @type {Map<string, () => Child>} */
  const waiting = new Map();
  const headOf = (/** @type {string} */ key) => /** @type {HTMLElement} */ (heads.get(key));
  const panelOf = (/** @type {string} */ key) => /** @type {HTMLElement} */ (panels.get(key));
  for (const [key, title, build, isLazy] of entries) {
    const head = make("button", { type: "button", role: "tab", id: `tab-${key}`, "aria-controls": `panel-${key}` }, title);
    head.addEventListener("click", () => open(key));
    head.addEventListener("keydown", (event) => step(event, key));
    heads.set(key, head);
    panels.set(key, make("div", { role: "tabpanel", id: `panel-${key}`, "aria-labelledby": head.id, tabIndex: -1 }, ...(isLazy ? [] : [build()].flat())));
    if (isLazy) waiting.set(key, build);
  }
  list.append(...heads.values());
  for (const [index, [key]] of entries.entries()) {
    if (index >= keys.indexOf(last)) continue;
    const [next, title] = entries[index + 1];
    const go = make("button", { type: "button" }, texts.next(title));
    go.addEventListener("click", () => {
      open(next, true);
      headOf(next).scrollIntoView({ block: "center" });
    });
    panelOf(key).append(make("div", { className: "row end" }, go));
  }

  /**
   * @param {string} key
   * @param {boolean} [focus]
   */
  function open(key, focus = false) {
    chosen = key;
    const build = waiting.get(key);
    if (build) panelOf(key).append(...kept([build()]));
    waiting.delete(key);
    for (const [each, head] of heads) {
      const isChosen = each === key;
      head.setAttribute("aria-selected", String(isChosen));
      head.tabIndex = isChosen ? 0 : -1;
      panelOf(each).hidden = !isChosen;
    }
    if (focus) headOf(key).focus();
    requestAnimationFrame(() => show(headOf(key)));
    moved(key);
    panelOf(key).dispatchEvent(new CustomEvent("shown"));
  }

  /**
   * On a telephone the list is wider than the page: the chosen tab comes into its middle.
   * @param {HTMLElement} head
   */
  function show(head) {
    const [inner, outer] = [head.getBoundingClientRect(), list.getBoundingClientRect()];
    list.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {string} key
   */
  function step(event, key) {
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: 1, ArrowLeft: -1, Home: -keys.indexOf(key), End: keys.length - 1 - keys.indexOf(key) };
    if (!(event.key in moves)) return;
    event.preventDefault();
    open(keys[(keys.indexOf(key) + moves[event.key] + keys.length) % keys.length], true);
  }

  open(chosen);
  return {
    element: make("div", {}, list, ...panels.values()),
    current: () => chosen,
    /**
     * Opens the tab that holds the element and goes to it.
     * @param {HTMLElement} element
     */
    reveal(element) {
      const panel = element.closest("[role=tabpanel]");
      if (panel) open(panel.id.replace("panel-", ""));
      (all(element, "select, input, textarea, button")[0] ?? element).focus();
      element.scrollIntoView({ block: "center" });
    },
    /** Writes behind each title how many remarks its panel holds. */
    count() {
      for (const [key, head] of heads) {
        head.querySelector(".count")?.remove();
        const found = [...panelOf(key).querySelectorAll(".remark")];
        const kind = found.some((remark) => remark.classList.contains("problem")) ? "problem" : "warn";
        if (found.length) head.append(make("span", { className: `count ${kind}`, "aria-label": texts.toLookAt(found.length) }, String(found.length)));
      }
    },
  };
}
