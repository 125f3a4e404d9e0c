// The panel beside the list: one person's story. Arrow keys go to the next person, Escape closes.

import { read } from "../parts/api.js";
import { button, every, link, make, replaceKeeping } from "../parts/dom.js";
import { nameOf } from "./people_list.js";
import { render } from "./referral.js";
import { common } from "../parts/texts/common.js";
import { personPanel as texts } from "../parts/texts/activity.js";

/**
 * `step(1)` opens the next person of the list, `close` closes, `changed` renews the list after an act.
 * @param {{ close: () => void, step: (by: number) => boolean, changed: () => void, position: () => string, signal: AbortSignal }} panel
 */
export function personPanel({ close, step, changed, position, signal }) {
  let key = "";
  let last = "";
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
    const text = JSON.stringify(answer);
    if (text === last) return;
    const isFirst = last === "";
    last = text;
    title.textContent = nameOf(answer.referral);
    replaceKeeping(body, render(answer, path(), renew));
    if (isFirst) body.scrollTop = 0;
  }

  async function renew() {
    if (!key) return;
    await load();
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
      const isOther = opened !== key;
      key = opened;
      element.hidden = false;
      whole.href = `#/activity/${key.replace("-", "/")}`;
      if (isOther) {
        last = "";
        title.textContent = common.loading;
        body.replaceChildren();
      }
      this.moved();
      title.focus({ preventScroll: true });
      try {
        await load();
      } catch (/** @type {any} */ error) {
        title.textContent = texts.cannotBeShown;
        body.replaceChildren(make("p", { className: "note warn" }, error.message));
        if (error.status === 401) throw error;
      }
    },
    shut() {
      key = "";
      element.hidden = true;
    },
    async renew() {
      await renew();
    },
    moved() {
      where.textContent = position();
    },
    changed,
  };
}
