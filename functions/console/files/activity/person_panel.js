// The panel beside the list: one person's story. Arrow keys go to the next person, Escape closes.

import { read } from "../parts/api.js";
import { button, every, link, make } from "../parts/dom.js";
import { nameOf } from "./people_list.js";
import { view } from "./referral.js";
import { common } from "../parts/texts/common.js";
import { personPanel as texts } from "../parts/texts/activity.js";
import { html, render } from "../parts/view.js";

/**
 * `step(1)` opens the next person of the list, `close` closes, `changed` renews the list after an act.
 * @param {{ close: () => void, step: (by: number) => boolean, changed: () => void, position: () => string, signal: AbortSignal }} panel
 */
export function personPanel({ close, step, changed, position, signal }) {
  let key = "";
  let isOther = false; // whose story is still to come
  let turn = 0;
  const title = make("h2", { tabIndex: -1 });
  const where = make("span", { className: "soft small" });
  const body = make("div", { className: "panel-body" });
  const previous = button("↑", () => step(-1), { className: "small", "aria-label": texts.previousPerson });
  const next = button("↓", () => step(1), { className: "small", "aria-label": texts.nextPerson });
  const whole = link(texts.openAsAPage, "#/activity");
  const head = make("div", { className: "panel-head" }, title, make("div", { className: "row" }, previous, next, where, whole, button(common.close, close, { className: "small" })));
  const element = make("section", { className: "panel", hidden: true, "aria-label": texts.onePerson }, head, body);
  /** @returns {`/api/referrals/${string}/${string}`} */
  const path = () => {
    const [campaign, user] = key.split("-").map(encodeURIComponent);
    return `/api/referrals/${campaign}/${user}`;
  };

  async function load() {
    const mine = ++turn;
    const answer = await read(path());
    if (mine !== turn || !key) return;
    title.textContent = nameOf(answer.referral);
    render(view(answer, path(), load), body);
    if (isOther) body.scrollTop = 0;
    isOther = false;
  }

  document.addEventListener(
    "keydown",
    (event) => {
      if (!key || /** @type {Element} */ (event.target).closest("input:not([type=checkbox]), select, textarea, dialog, [role=listbox]")) return;
      if (event.key === "Escape") close();
      else if (["ArrowDown", "ArrowUp"].includes(event.key) && !event.altKey && !event.ctrlKey && !event.metaKey && step(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
    },
    { signal },
  );
  every(signal, 5, () => key && load().catch(() => null));

  return {
    element,
    key: () => key,
    /** @param {string} opened */
    async open(opened) {
      isOther = opened !== key;
      key = opened;
      element.hidden = false;
      whole.href = `#/activity/${key.replace("-", "/")}`;
      if (isOther) {
        title.textContent = common.loading;
        render(null, body);
      }
      this.moved();
      title.focus({ preventScroll: true });
      try {
        await load();
      } catch (/** @type {any} */ error) {
        title.textContent = texts.cannotBeShown;
        render(html`<p class="note warn">${error.message}</p>`, body);
        if (error.status === 401) throw error;
      }
    },
    shut() {
      key = "";
      element.hidden = true;
    },
    renew: async () => key && load(),
    moved() {
      where.textContent = position();
    },
    changed,
  };
}
