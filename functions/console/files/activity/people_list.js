// The table of people in Activity: rows that take the place of rows, selection, and which one is open.

import { first, link, make, table } from "../parts/dom.js";
import { address, badge, moment } from "../parts/words.js";
import { FLAGS, STATES } from "../parts/texts/states.js";
import { common } from "../parts/texts/common.js";
import { peopleList as texts } from "../parts/texts/activity.js";

/** @param {{ campaign_id: number, user_id: number }} one */
export const keyOf = (one) => `${one.campaign_id}-${one.user_id}`;
/** @param {Person} one */
export const nameOf = (one) => one.first_name || one.email || common.userNamed(one.user_id);
/** @param {string} state */
export const stateBadge = (state) => badge(STATES[state] ?? [state, "quiet"]);

const HEADS = ["", texts.person, texts.referredBy, texts.campaign, texts.state, texts.signedUp];

/**
 * `open` is called with a row; `selected` whenever the selection changes. `nameOfCampaign` by its id.
 * @param {{ open: (one: Person) => void, selected: (rows: Person[]) => void, nameOfCampaign: (id: number) => Child }} list
 */
export function peopleList({ open, selected, nameOfCampaign }) {
  /** @type {Person[]} */
  let rows = [];
  let current = "";
  /** @type {Set<string>} */
  const chosen = new Set();
  const everybody = make("input", { type: "checkbox", "aria-label": texts.selectEverybodyShown });
  everybody.addEventListener("change", () => {
    for (const one of rows) chosen[everybody.checked ? "add" : "delete"](keyOf(one));
    mark();
  });
  const place = table(texts.caption, HEADS, []);
  place.classList.add("people");
  first(place, "th").replaceChildren(everybody);
  const body = first(place, "tbody");

  /** @param {Person} one */
  function rowOf(one) {
    const key = keyOf(one);
    const box = make("input", { type: "checkbox", "aria-label": texts.selectOne(nameOf(one)), checked: chosen.has(key) });
    box.addEventListener("change", () => {
      chosen[box.checked ? "add" : "delete"](key);
      mark();
    });
    const name = link(nameOf(one), `#/activity/${one.campaign_id}/${one.user_id}`, { className: "person-name" });
    const cells = [
      box,
      make("div", {}, name, one.first_name && one.email ? make("div", { className: "soft small" }, address(one.email)) : null),
      referrer(one),
      nameOfCampaign(one.campaign_id),
      make("div", {}, make("span", { className: "badges" }, stateBadge(one.state), one.qualified ? badge([common.converted, "good"]) : null, ...flags(one)), why(one)),
      moment(one.accepted_at),
    ];
    const made = first(table("", HEADS, [cells]), "tbody > tr");
    made.dataset.key = key;
    made.addEventListener("click", (event) => {
      if (/** @type {Element} */ (event.target).closest("input, button") || event.ctrlKey || event.metaKey || event.shiftKey || !getSelection()?.isCollapsed) return;
      event.preventDefault();
      open(one);
    });
    return made;
  }

  /** Which rows are chosen and which one is open, as the table shows it. */
  function mark() {
    for (const tr of body.querySelectorAll("tr")) {
      const key = tr.dataset.key ?? "";
      const isOpen = key === current;
      tr.classList.toggle("open", isOpen);
      tr.classList.toggle("chosen", chosen.has(key));
      const [box, name] = [tr.querySelector("input"), first(tr, "a")];
      if (box) box.checked = chosen.has(key);
      if (isOpen) name.setAttribute("aria-current", "true");
      else name.removeAttribute("aria-current");
    }
    const count = rows.filter((one) => chosen.has(keyOf(one))).length;
    everybody.checked = count > 0 && count === rows.length;
    everybody.indeterminate = count > 0 && count < rows.length;
    selected(chosenRows());
  }

  const chosenRows = () => rows.filter((one) => chosen.has(keyOf(one)));

  return {
    element: place,
    rows: () => rows,
    chosenRows,
    /**
     * Rows take the place of rows, so that nothing else moves; who has the focus keeps it.
     * @param {Person[]} found
     */
    show(found) {
      const at = body.contains(document.activeElement) ? document.activeElement?.closest("tr")?.dataset.key : null;
      const isBox = document.activeElement?.matches("input");
      rows = found;
      body.replaceChildren(...rows.map(rowOf));
      mark();
      if (at) body.querySelector(`tr[data-key="${at}"] ${isBox ? "input" : "a"}`)?.focus({ preventScroll: true });
    },
    /** @param {Person[]} found */
    append(found) {
      rows = [...rows, ...found];
      body.append(...found.map(rowOf));
      mark();
    },
    /** @param {string} key */
    setOpen(key) {
      current = key;
      mark();
    },
    clear() {
      chosen.clear();
      mark();
    },
    /**
     * The row so many places away from the open one.
     * @param {number} step
     */
    beside(step) {
      const at = rows.findIndex((one) => keyOf(one) === current);
      return at < 0 ? null : (rows[at + step] ?? null);
    },
    position() {
      const at = rows.findIndex((one) => keyOf(one) === current);
      return at < 0 ? "" : texts.position(at + 1, rows.length);
    },
    /** @param {string} key */
    focus(key) {
      const name = body.querySelector(`tr[data-key="${key}"] a`);
      name?.focus();
      name?.scrollIntoView({ block: "nearest" });
    },
  };
}

/** @param {Person} one */
function referrer(one) {
  if (!one.referrer_first_name && !one.referrer_email) return make("span", { className: "soft" }, "–");
  if (!one.referrer_first_name) return address(one.referrer_email);
  return make("div", {}, one.referrer_first_name, one.referrer_email ? make("div", { className: "soft small" }, address(one.referrer_email)) : null);
}

/**
 * The reason, and for whom a person should look after, what to do.
 * @param {Person} one
 */
function why(one) {
  const [refused] = Object.values(one.refusals);
  const reason = refused ?? one.reason;
  if (one.needs_attention) return make("div", { className: "small why" }, reason, " ", make("strong", {}, common.whatToDo), one.what_to_do);
  return reason ? make("div", { className: "soft small why" }, reason) : null;
}

/** @param {Person} one */
export function flags(one) {
  const wrong = [one.possibly_doubled ? FLAGS.possibly_doubled : "", one.unverified ? FLAGS.unverified : ""].filter(Boolean);
  const found = Object.keys(one.refusals).length ? [...wrong, "doubt" in one.refusals ? texts.perhapsItQualifies : texts.somethingWasRefused] : wrong;
  const badges = found.map((text) => badge([text, one.needs_attention ? "bad" : "quiet"]));
  const away = one.in_another_workspace ? [badge([texts.inAnotherWorkspace, "warn"])] : [];
  const test = one.origin === "synthetic" ? [badge([texts.ourOwnTest, "quiet"])] : [];
  return [...badges, ...(one.dealt_with ? [badge([common.dealtWith, "quiet"])] : []), ...away, ...test];
}
