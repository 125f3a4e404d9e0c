// Activity: everybody who signed up, as an inbox. The list renews itself while it is watched; a row opens beside it.

import { ApiError, read } from "../parts/api.js";
import { attempt, every, link, make } from "../parts/dom.js";
import { number } from "../parts/texts/numbers.js";
import { eraseAll, exportPeople, filtersOf, markDealtWith, sendAgain } from "./acts.js";
import { addressOf, asked, filterForm, filterOf, GROUPS, isNarrow, isWholeAddress } from "./filters.js";
import { keyOf, peopleList } from "./people_list.js";
import { personPanel } from "./person_panel.js";
import { rightsOf } from "./person_rights.js";
import { common } from "../parts/texts/common.js";
import { activity as texts } from "../parts/texts/activity.js";
import { button, html, render } from "../parts/view.js";

const ENOUGH = 25; // rows after which a search waits to be asked for more
/** @type {{ id: number, rows?: Person[], cursor?: string | null, wanted?: Filter, newest?: string, scroll?: number }} */
let kept = { id: 0 }; // the list as it was left, for who comes back to it

/**
 * @param {Address} address
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function show({ query }, signal) {
  let wanted = filterOf(query);
  /** @type {string | null} */
  let cursor = null;
  let turn = 0;
  let newest = ""; // the first page as it is shown; empty when there is none, or older ones are shown as well
  const campaigns = (await attempt(() => read("/api/campaigns", { limit: 100 })))?.items ?? [];
  const names = new Map(campaigns.map((one) => [one.campaign_id, one.name]));
  let results = "";
  const pills = make("div", { className: "pills", role: "group", "aria-label": texts.whichPeople });
  const more = make("div", { className: "row" });
  const nobody = make("p", { className: "note" });
  const tools = make("div", { className: "row tools-row" });
  const rights = make("div", { className: "row" });
  const zone = make("p", { className: "soft", hidden: true });
  const list = peopleList({ open: (one) => open(keyOf(one)), selected: () => showTools(), nameOfCampaign: (id) => html`<a href="#/campaigns/${id}">${names.get(id) || common.campaignNamed(id)}</a>` });
  const panel = personPanel({ close, step, changed: renewAll, position: () => list.position(), signal });
  let form = filterForm(wanted, campaigns, change);
  const area = make("div", { className: `inbox${campaigns.length > 1 ? "" : " one-campaign"}` }, make("div", { className: "inbox-list" }, nobody, list.element, more), panel.element);

  /** @param {Partial<Filter>} changes */
  function change(changes) {
    const next = { ...wanted, ...changes };
    if (JSON.stringify(next) === JSON.stringify(wanted)) return;
    wanted = next;
    attempt(start);
  }

  /**
   * A new entry only for what was opened, so that Back closes it; a filter replaces the address.
   * @param {boolean} replace
   */
  function remember(replace) {
    const state = { list: kept.id };
    const address = addressOf(wanted, panel.key());
    if (replace) history.replaceState(state, "", address);
    else history.pushState(state, "", address);
    kept = { ...kept, wanted, rows: list.rows(), cursor, newest };
  }

  async function start() {
    kept = { id: kept.id + 1 };
    newest = "";
    nobody.hidden = true;
    render(null, more); // what stands there belongs to the list before
    list.clear();
    showPills();
    render(isWholeAddress(wanted.text) ? html`<span class="soft">${texts.allStoredAbout(wanted.text)}</span>${rightsOf(wanted.text, start)}` : null, rights);
    showTools(wanted.text ? texts.searching : common.loading);
    zone.textContent = wanted.zone && (wanted.from || wanted.to) ? common.daysOf(wanted.zone) : "";
    zone.hidden = !zone.textContent;
    remember(true);
    try {
      await Promise.all([look(null), count()]);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 401) throw error;
      list.element.hidden = true; // it answered another question
      nobody.hidden = false;
      render(html`${error.message} ${button(common.tryAgain, start)}`, nobody);
      showTools("");
    }
  }

  /** @type {Promise<void> | null} */
  let refreshing = null;

  /** Pressed again while it looks, it goes on looking: whoever presses in a hurry would never see an answer. */
  function refresh() {
    refreshing ??= start().finally(() => (refreshing = null));
    return refreshing;
  }

  /**
   * Shows what follows `from`; null: the newest ones, in place of what is shown. What was asked before is no longer shown.
   * @param {string | null} from
   */
  async function look(from) {
    const mine = ++turn;
    const filter = asked(wanted);
    /** @type {Person[]} */
    let rows = [];
    let next = from;
    if (from === null && isWholeAddress(wanted.text)) {
      const { text, ...others } = filter;
      rows = (await read("/api/referrals", { ...others, email: text, limit: 50 })).items;
      if (rows.length && mine === turn) draw(rows, null, true); // found at once; who was referred by them takes a search
    }
    while (true) {
      const page = await read("/api/referrals", { ...filter, limit: 50, cursor: next });
      if (mine !== turn || signal.aborted) return;
      next = page.cursor;
      const known = new Set(rows.map(keyOf));
      rows = [...rows, ...page.items.filter((one) => !known.has(keyOf(one)))];
      if (!next || rows.length >= ENOUGH) break;
      if (from === null && newest === "") draw(rows, null, true); // what was shown before is over
      showTools(texts.foundSoFar(rows.length));
      nobody.hidden = true;
    }
    const text = JSON.stringify([rows, next]);
    if (from === null && text === newest) return;
    newest = from === null ? text : "";
    draw(rows, next, from === null);
  }

  /**
   * @param {Person[]} rows
   * @param {string | null} next
   * @param {boolean} fresh
   */
  function draw(rows, next, fresh) {
    cursor = next;
    list.show(fresh ? rows : [...list.rows(), ...rows]);
    const count = list.rows().length;
    list.element.hidden = count === 0;
    nobody.hidden = count > 0;
    const narrowed = Object.keys(asked(wanted)).length;
    render(narrowed ? html`${texts.nobodyMatches}${button(texts.showEverybody, reset, { className: "as-link" })}` : html`${texts.nobodyHasSignedUp}`, nobody);
    render(cursor ? button(common.showMore, () => look(cursor)) : null, more);
    panel.moved();
    showTools(count ? texts.shown(count, Boolean(cursor)) : "");
    kept = { ...kept, wanted, rows: list.rows(), cursor, newest };
  }

  function reset() {
    wanted = filterOf({});
    renewForm();
    return start();
  }

  function renewForm() {
    const fresh = filterForm(wanted, campaigns, change);
    form.replaceWith(fresh);
    form = fresh;
  }

  /** @type {Partial<Api.ReferralCounts> & Record<string, number>} */
  let counts = {};
  async function count() {
    const { campaign_id, since, until } = asked(wanted);
    counts = { ...(await read("/api/referrals/counts", { campaign_id, since, until }).catch(() => null)) };
    showPills();
  }

  function showPills() {
    const all = GROUPS.reduce((sum, [group]) => sum + (counts[group] ?? 0), 0);
    const isCapped = Object.values(counts).filter((value) => value >= (counts.most ?? 0)).length > 1; // `most` is one of the values
    const words = (/** @type {string} */ group) => (counts.most === undefined ? "" : group ? `${number(counts[group])}${(counts[group] ?? 0) >= (counts.most ?? 0) ? "+" : ""}` : `${number(all)}${isCapped ? "+" : ""}`);
    render(
      GROUPS.map(([group, text]) => {
        const isBad = group === "attention" && (counts.attention ?? 0) > 0;
        return html`<button type="button" class="pill${isBad ? " bad" : ""}" aria-pressed=${String(wanted.group === group)} onClick=${() => change({ group, show: "", converted: "", reason: "" })}>${text}<span class="pill-count">${words(group)}</span></button>`;
      }),
      pills,
    );
  }

  /**
   * For those who are selected; without a selection, for all that match.
   * @param {string} [said] how many are shown
   */
  function showTools(said = results) {
    const rows = list.chosenRows();
    results = said;
    const done = async (/** @type {Promise<boolean>} */ act) => {
      if (!(await act)) return;
      list.clear();
      await renewAll();
    };
    const whom = texts.people(rows.length);
    const filters = filtersOf(rows);
    const ids = rows.map(keyOf).join(",");
    const selection = [
      html`<strong>${texts.selected(whom)}</strong>`,
      button(common.sendAgain, () => done(sendAgain(filters, whom))),
      button(common.markAsDealtWith, () => done(markDealtWith(filters, whom))),
      button(texts.export, () => (rows.length > 100 ? Promise.reject(new Error(texts.atMost100)) : exportPeople({ people: ids }))),
      button(common.erase, () => done(eraseAll(rows)), { className: "danger" }),
      button(texts.selectNone, () => list.clear()),
    ];
    const filter = asked(wanted);
    const matching = isNarrow(wanted) && list.rows().length
      ? [button(texts.sendAllThatMatchAgain, () => done(sendAgain(filter, texts.allThatMatch))), button(texts.markAllThatMatch, () => done(markDealtWith(filter, texts.allThatMatch)))]
      : [];
    const usual = [...matching, button(common.exportAsCsv, () => exportPeople(filter)), button(texts.refresh, refresh), html`<a href="#/quarantine">${common.messages}</a>`, html`<a href="#/syncs">${texts.syncRuns}</a>`];
    tools.classList.toggle("selecting", rows.length > 0);
    render(html`${rows.length ? selection : usual}<span class="soft" role="status">${results}</span>`, tools);
  }

  /**
   * @param {string} key
   * @param {boolean} [replace]
   */
  async function open(key, replace = false) {
    const before = panel.key();
    list.setOpen(key);
    area.classList.add("with-panel");
    const shown = panel.open(key);
    remember(replace || before !== "");
    await shown;
  }

  function shut() {
    const key = panel.key();
    panel.shut();
    list.setOpen("");
    area.classList.remove("with-panel");
    return key;
  }

  /** Closed by hand: the list is where it was, and the focus on the row. */
  function close() {
    const key = shut();
    remember(true);
    list.focus(key);
  }

  /** @param {number} by */
  function step(by) {
    const next = list.beside(by);
    if (next) attempt(() => open(keyOf(next), true));
    return Boolean(next);
  }

  async function renewAll() {
    newest = "";
    await Promise.all([look(null), count()]);
    await panel.renew();
  }

  /** Quietly, and not while somebody reads on, filters, selects or marks a text. */
  async function renew() {
    const selection = getSelection();
    const marks = selection && !selection.isCollapsed && area.contains(selection.anchorNode);
    if (!newest || marks || list.chosenRows().length || form.contains(document.activeElement)) return;
    await Promise.all([look(null), count()]).catch(() => null);
  }

  /**
   * Back and forward within Activity, and links to another filter.
   * @param {Address} address
   */
  function moved(address) {
    if (address.name !== "activity") return false;
    const next = filterOf(address.query);
    if (JSON.stringify(next) !== JSON.stringify(wanted)) {
      wanted = next;
      renewForm();
      attempt(start);
    }
    if (address.query.open) attempt(() => open(address.query.open, true));
    else if (panel.key()) list.focus(shut());
    return true;
  }

  const reason = wanted.reason ? make("p", { className: "soft" }, texts.onlyWithReason, wanted.reason, "” ", link(texts.allReasons, "#/activity?group=attention")) : null;
  list.element.hidden = true; // until somebody is in it
  showPills();
  showTools();
  const isBack = Boolean(history.state?.list && history.state.list === kept.id && kept.rows);
  const { scroll } = kept;
  signal.addEventListener("abort", () => (kept = { ...kept, scroll: scrollY }));
  if (isBack) {
    newest = kept.newest ?? "";
    draw(kept.rows ?? [], kept.cursor ?? null, true);
    attempt(count);
  } else attempt(start);
  every(signal, 10, renew);
  const after = () => {
    if (query.open) attempt(() => open(query.open, true));
    if (isBack) scrollTo(0, scroll ?? 0);
  };
  return { title: texts.title, content: [pills, form, reason, zone, tools, rights, area], moved, wide: true, after };
}
