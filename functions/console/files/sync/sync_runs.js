// Sync runs: start one, see how far it is, cancel it.

import { syncEffects } from "../campaign/effects.js";
import { complete, learnDefaults } from "../campaign/settings_model.js";
import { read, readCampaign, send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { arriving, attempt, card, make, say } from "../parts/dom.js";
import { badge, moment } from "../parts/words.js";
import { number } from "../parts/texts/numbers.js";
import { RUN_STATES, VENDORS } from "../parts/texts/states.js";
import { common } from "../parts/texts/common.js";
import { syncRuns as texts } from "../parts/texts/sync.js";
import { button, html, render } from "../parts/view.js";

const OPEN = new Set(["queued", "enumerating", "working", "waiting"]);
const PAGE = 10;

/**
 * The runs of a campaign, newest first; while one is open the list renews itself. `isEdited`: whether its settings wait to be saved.
 * @param {number} id
 * @param {string} [title]
 * @param {() => boolean} [isEdited]
 */
export function runsCard(id, title = texts.title, isEdited = () => false) {
  const path = `/api/campaigns/${id}/syncs`;
  /** @type {Map<string, Api.SyncRunAnswer>} */
  const known = new Map(); // the runs that are shown, by id
  /** @type {string | null} */
  let cursor = null;
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  async function load() {
    /** @type {Api.SyncRunPage} */
    const page = await read(path, { limit: PAGE });
    clearTimeout(timer);
    if (page.items.some((run) => OPEN.has(run.state))) timer = setTimeout(() => place.isConnected && renew(), 3000);
    if (!page.items.some((run) => known.has(run.run_id))) {
      known.clear(); // so many are new that some between may be missing
      cursor = page.cursor;
    }
    show(page);
  }
  async function loadOlder() {
    const page = await read(path, { limit: PAGE, cursor });
    cursor = page.cursor;
    show(page);
  }
  const list = make("div", {});
  const renew = () => attempt(load);

  /** @param {Api.SyncRunPage} page */
  function show({ items, problems }) {
    for (const each of items) known.set(each.run_id, each);
    const start = button(texts.syncNow, async () => {
      if (isEdited()) throw new Error(texts.saveFirst);
      const effects = await syncEffects(complete((await Promise.all([readCampaign(id), learnDefaults()]))[0].body));
      if (!(await confirmed(texts.syncQuestion, effects, texts.startTheSync))) return;
      await send(path);
      say(texts.begun);
      await renew();
    });
    const runs = [...known.values()].sort((one, other) => Number(other.run_id) - Number(one.run_id)).map(run);
    render(
      html`
        ${problems.map((text) => html`<p class="note bad">${text}</p>`)}
        <div class="row">${start}</div>
        ${runs.length || problems.length ? runs : html`<p class="soft">${texts.noRunYet}</p>`}
        ${cursor === null ? null : html`<div class="row">${button(texts.olderRuns, loadOlder)}</div>`}`,
      list,
    );
  }

  /** @param {Api.SyncRunAnswer} each */
  function run(each) {
    const isOpen = OPEN.has(each.state);
    const counts = [
      each.total === null ? texts.seen(each.seen) : texts.finished(each.finished, each.total),
      texts.created(each.created),
      texts.linked(each.linked),
      texts.unchanged(each.unchanged),
      ...reasons(each.skipped, "skipped"),
      ...reasons(each.failed, "failed"),
    ];
    const left = isOpen && each.seconds_left !== null ? texts.left(each.seconds_left, Math.round(each.per_minute)) : "";
    const cancel = isOpen
      ? button(common.cancel, async () => {
          if (!(await confirmed(texts.cancelQuestion, texts.aboutCancelling, texts.cancelTheRun, "danger"))) return;
          await send(`${path}/${encodeURIComponent(each.run_id)}/cancel`);
          await renew();
        })
      : null;
    return html`
      <article key=${each.run_id} class="run">
        <div class="row">${badge(RUN_STATES[each.state])}${moment(each.created_at)}<span class="soft">${each.requested_by}</span>${cancel}</div>
        ${isOpen ? html`<progress max=${each.total ?? 1} value=${each.total === null ? null : each.finished} aria-label=${texts.progress}></progress>` : null}
        <p>${counts.join(" · ")}.${left}</p>
        ${each.reason ? html`<p class="note">${each.reason}</p>` : null}
        ${each.smaller_pages.map((vendor) => html`<p class="soft">${texts.smallerPages(VENDORS[vendor])}</p>`)}
        ${leavers(each)}
        ${each.examples.length ? examples(each.examples) : null}
      </article>`;
  }

  const place = arriving(texts.arriving, async () => {
    await load();
    return list;
  });
  return card(title, place);
}

/**
 * @param {Record<string, number>} counts
 * @param {string} word
 */
const reasons = (counts, word) => Object.entries(counts).map(([reason, count]) => `${number(count)} ${word}: ${reason}`);

/**
 * Who is no longer in the lists keeps their link; a person may want to know.
 * @param {Api.SyncRunAnswer} run
 */
function leavers({ left_list: count, leavers: ids }) {
  if (!count) return null;
  const items = ids.map((id) => html`<li><code>${id}</code></li>`);
  return html`<details><summary>${texts.leavers(count)}</summary><ul>${items}</ul></details>`;
}

/** @param {Api.SyncRunAnswer["examples"]} found */
function examples(found) {
  const items = found.map((each) => html`<li><code>${each.contact_id}</code> ${each.reason}</li>`);
  return html`<details><summary>${texts.examples}</summary><ul>${items}</ul></details>`;
}
