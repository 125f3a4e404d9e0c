// The table of people in Activity: rows that take the place of rows, selection, and which one is open.

import { make } from "../parts/dom.js";
import { address, badge, moment } from "../parts/words.js";
import { sentence } from "../parts/texts/numbers.js";
import { FLAGS, STATES } from "../parts/texts/states.js";
import { common } from "../parts/texts/common.js";
import { peopleList as texts } from "../parts/texts/activity.js";
import { html, render, table } from "../parts/view.js";

/** @param {{ campaign_id: number, user_id: number }} one */
export const keyOf = (one) => `${one.campaign_id}-${one.user_id}`;
/** @param {Person} one */
export const nameOf = (one) => one.first_name || one.email || common.userNamed(one.user_id);
/** @param {string} state */
export const stateBadge = (state) => badge(STATES[state] ?? [state, "quiet"]);

const HEADS = [texts.person, texts.referredBy, texts.campaign, texts.state, texts.signedUp];

/**
 * `open` is called with a row; `selected` whenever the selection changes. `nameOfCampaign` by its id.
 * @param {{ open: (one: Person) => void, selected: (rows: Person[]) => void, nameOfCampaign: (id: number) => Part }} list
 */
export function peopleList({ open, selected, nameOfCampaign }) {
  /** @type {Person[]} */
  let rows = [];
  let current = "";
  /** @type {Set<string>} */
  const chosen = new Set();
  const place = make("div", { className: "people" });

  /**
   * @param {Person[]} some
   * @param {boolean} on
   */
  function choose(some, on) {
    for (const one of some) chosen[on ? "add" : "delete"](keyOf(one));
    draw();
  }

  /** @param {Person} one */
  const cellsOf = (one) => [
    html`<input type="checkbox" aria-label=${texts.selectOne(nameOf(one))} checked=${chosen.has(keyOf(one))} onChange=${(/** @type {any} */ { target }) => choose([one], target.checked)} />`,
    html`
      <div>
        <a class="person-name" href="#/activity/${one.campaign_id}/${one.user_id}" aria-current=${keyOf(one) === current ? "true" : null}>${nameOf(one)}</a>
        ${one.first_name && one.email ? html`<div class="soft small">${address(one.email)}</div>` : null}
      </div>`,
    referrer(one),
    nameOfCampaign(one.campaign_id),
    html`<div><span class="badges">${stateBadge(one.state)}${one.qualified ? badge([common.converted, "good"]) : null}${flags(one)}</span>${why(one)}</div>`,
    moment(one.accepted_at),
  ];

  /** @param {Person} one */
  function rowOf(one) {
    const key = keyOf(one);
    const onClick = (/** @type {any} */ event) => {
      if (event.target.closest("input, button") || event.ctrlKey || event.metaKey || event.shiftKey || !getSelection()?.isCollapsed) return;
      event.preventDefault();
      open(one);
    };
    return { key, "data-key": key, class: `${key === current ? "open " : ""}${chosen.has(key) ? "chosen" : ""}`, onClick };
  }

  function draw() {
    const count = chosenRows().length;
    const everybody = html`<input type="checkbox" aria-label=${texts.selectEverybodyShown} checked=${count > 0 && count === rows.length} indeterminate=${count > 0 && count < rows.length} onChange=${(/** @type {any} */ { target }) => choose(rows, target.checked)} />`;
    render(table(texts.caption, [everybody, ...HEADS], rows.map(cellsOf), rows.map(rowOf)), place);
    selected(chosenRows());
  }

  const chosenRows = () => rows.filter((one) => chosen.has(keyOf(one)));

  return {
    element: place,
    rows: () => rows,
    chosenRows,
    /** @param {Person[]} found */
    show(found) {
      rows = found;
      draw();
    },
    /** @param {string} key */
    setOpen(key) {
      current = key;
      draw();
    },
    clear() {
      chosen.clear();
      draw();
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
      const name = place.querySelector(`tr[data-key="${key}"] a`);
      name?.focus();
      name?.scrollIntoView({ block: "nearest" });
    },
  };
}

/** @param {Person} one */
function referrer(one) {
  if (!one.referrer_first_name && !one.referrer_email) return html`<span class="soft">–</span>`;
  if (!one.referrer_first_name) return address(one.referrer_email);
  return html`<div>${one.referrer_first_name}${one.referrer_email ? html`<div class="soft small">${address(one.referrer_email)}</div>` : null}</div>`;
}

/**
 * The reason, and for whom a person should look after, what to do.
 * @param {Person} one
 */
function why(one) {
  const [refused] = Object.values(one.refusals);
  const reason = refused ?? one.reason;
  if (one.needs_attention) return html`<div class="small why">${sentence(reason)} <strong>${common.whatToDo}</strong>${one.what_to_do}</div>`;
  return reason ? html`<div class="soft small why">${reason}</div>` : null;
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
