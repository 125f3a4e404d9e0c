// Elements made by hand: texts are set as text, never as HTML.

import { render } from "../vendor/preact.js";
import { common } from "./texts/common.js";
import { dom as texts } from "./texts/shell.js";

/**
 * An element. Names with a dash, `role` and `list` become attributes, the others properties; null and false are left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.includes("-") || name === "role" || name === "list") element.setAttribute(name, value);
    else Object.assign(element, { [name]: value });
  }
  element.append(...kept(children));
  return element;
}

/**
 * An element that index.html has.
 * @param {string} id
 */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * The first element that fits, where there is one for certain.
 * @param {ParentNode} place
 * @param {string} selector
 */
export const first = (place, selector) => /** @type {HTMLElement} */ (place.querySelector(selector));

/**
 * Every element that fits.
 * @param {ParentNode} place
 * @param {string} selector
 */
export const all = (place, selector) => /** @type {HTMLElement[]} */ ([...place.querySelectorAll(selector)]);

/**
 * What is there of the children; a template becomes the elements that it describes.
 * @param {Child[]} children
 * @returns {Array<Node | string>}
 */
export const kept = (children) =>
  children.flat(9).flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    if (typeof child !== "object" || child instanceof Node) return [/** @type {Node | string} */ (child)];
    const made = document.createDocumentFragment();
    render(/** @type {Part} */ (child), made);
    return [made];
  });

/**
 * A part of a page under a heading of its own.
 * @param {string} title
 * @param {...Child} children
 */
export function card(title, ...children) {
  return make("section", { className: "card" }, make("h2", {}, title), ...children);
}

/**
 * A button that cannot be pressed twice while its work runs; what goes wrong is shown in words.
 * @param {string} text
 * @param {() => unknown} action
 * @param {Record<string, any>} [properties]
 */
export function button(text, action, properties = {}) {
  const element = make("button", { type: "button", ...properties }, text);
  element.addEventListener("click", () => pressed(element, action));
  return element;
}

/**
 * Runs the button's work, unless it runs.
 * @param {HTMLElement} element
 * @param {() => unknown} action
 */
export async function pressed(element, action) {
  if (element.getAttribute("aria-busy") === "true") return;
  element.setAttribute("aria-busy", "true");
  await attempt(action);
  element.removeAttribute("aria-busy");
}

/**
 * @param {string} text
 * @param {string} href
 * @param {Record<string, any>} [properties]
 */
export const link = (text, href, properties = {}) => make("a", { href, ...properties }, text);

let saidAt = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let sayTimer;

/**
 * Says a sentence where everybody sees it and a screen reader reads it out.
 * @param {string} sentence
 * @param {string} [kind]
 */
export function say(sentence, kind = "good") {
  const status = byId("status");
  saidAt = Date.now();
  status.className = kind;
  const close = sentence && kind !== "good" ? make("button", { type: "button", className: "close", "aria-label": texts.closeMessage }, "✕") : null;
  close?.addEventListener("click", () => status.replaceChildren());
  status.replaceChildren(...kept([sentence || null, close]));
  requestAnimationFrame(giveWay);
  clearTimeout(sayTimer);
  if (sentence && kind === "good") sayTimer = setTimeout(() => status.replaceChildren(), 9000);
}

/** What is said gives way to what has the focus: nothing is hidden behind it. */
function giveWay() {
  const status = byId("status");
  const focused = document.activeElement;
  if (!focused || !status.textContent || status.contains(focused) || focused === document.body) return;
  status.classList.remove("up");
  const [one, other] = [status.getBoundingClientRect(), focused.getBoundingClientRect()];
  const meet = one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  status.classList.toggle("up", meet);
}

document.addEventListener("focusin", () => {
  giveWay();
  requestAnimationFrame(giveWay); // where the page scrolls to what has the focus
});

/** Whether something was said just now, which whoever goes on to another page still wants to read. */
export const wasSaidNow = () => Date.now() - saidAt < 1500 && byId("status").textContent !== "";

/**
 * Runs `action`. An Error becomes a sentence; an ended sign-in is the shell's to handle.
 * @template T
 * @param {() => T | Promise<T>} action
 * @returns {Promise<T | undefined>}
 */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.status === 401) dispatchEvent(new CustomEvent("signed-out"));
    else say(error.message, "bad");
    return undefined;
  }
}

/**
 * A place that fills itself: the page is there at once, and a part that fails says so without breaking the others.
 * @param {string} what
 * @param {() => Child | Promise<Child>} load
 */
export function arriving(what, load) {
  const place = Object.assign(make("div", { className: "arriving" }), { refill: fill });
  async function fill() {
    place.replaceChildren(make("p", { className: "soft" }, texts.loading(what)));
    try {
      place.replaceChildren(...kept([await load()]));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error.status === 401) dispatchEvent(new CustomEvent("signed-out"));
      const words = error.absent ? texts.notInThisVersion(what) : texts.cannotBeShown(what, error.message);
      place.replaceChildren(make("p", { className: "note warn" }, words, " ", error.absent ? null : button(common.tryAgain, fill)));
    }
  }
  fill();
  return place;
}

/**
 * Calls `action` every so many seconds until the page is left. A hidden page waits.
 * @param {AbortSignal} signal
 * @param {number} seconds
 * @param {() => unknown} action
 */
export function every(signal, seconds, action) {
  const timer = setInterval(() => document.hidden || action(), seconds * 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  return () => clearInterval(timer);
}
