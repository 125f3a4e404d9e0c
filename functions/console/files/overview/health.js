// What is wrong now, as the application itself judges it: the line under the header, the badges, the checklist.

import { read } from "../parts/api.js";
import { every } from "../parts/dom.js";
import { moment } from "../parts/words.js";
import { common } from "../parts/texts/common.js";
import { health as texts } from "../parts/texts/overview.js";
import { html, render } from "../parts/view.js";

const SECONDS = 15;

/**
 * The badge of a level.
 * @param {string} level
 */
export const levelBadge = (level) => texts.levels[level] ?? texts.levels.warn;

/** @type {{ at: number, answer: Promise<Api.HealthAnswer> | null }} */
let recent = { at: 0, answer: null };

/** Several parts of a page that ask at once are one call. */
function readHealth() {
  if (Date.now() - recent.at > 2000) {
    const answer = read("/api/health");
    answer.catch(() => (recent = { at: 0, answer: null }));
    recent = { at: Date.now(), answer };
  }
  return /** @type {Promise<Api.HealthAnswer>} */ (recent.answer);
}

/** What was read before no longer holds. */
export const forgetHealth = () => (recent = { at: 0, answer: null });

/** `{level, sentence}` of each campaign, by its id; empty while the application cannot tell. */
export async function campaignHealth() {
  const found = await readHealth().catch(() => null);
  return new Map((found?.campaigns ?? []).map((one) => [one.campaign_id, one]));
}

/**
 * Keeps the line under the header true until the page is left.
 * @param {HTMLElement} line
 * @param {AbortSignal} signal
 */
export function watchHealth(line, signal) {
  const renew = async () => {
    const found = await readHealth().catch((error) => (error.status === 401 ? null : { level: "bad", sentence: error.message, problems: [] }));
    if (signal.aborted) return;
    line.hidden = !found;
    if (!found) return;
    const where = found.problems.length === 1 ? found.problems[0].where || "#/overview" : "#/overview";
    line.className = `health ${found.level}`;
    render(html`${found.sentence} ${found.level === "good" || !("complete" in found) ? null : html`<a href=${where}>${found.problems.length ? texts.seeWhatToDo : texts.goOn}</a>`}`, line);
  };
  renew();
  every(signal, SECONDS, renew);
}

/**
 * The steps of the set-up until all are done; each has its one action.
 * @param {Api.HealthAnswer} health
 */
export function checklist({ steps, complete }) {
  if (complete) return null;
  const next = steps.find((step) => !step.is_done);
  const items = steps.map((step) => {
    const isNext = step === next;
    return html`
      <li class=${step.is_done ? "done" : ""}>
        <span class="tick" aria-hidden="true">${step.is_done ? "✓" : ""}</span>
        <div>
          <span class="unseen">${step.is_done ? common.done : common.toDo}</span><strong>${step.what}</strong>
          ${step.is_done ? null : html`<div class=${isNext ? "step-action" : ""}><span class="soft">${step.do}</span> <a href=${step.where} aria-label=${texts.openStep(step.what)} class=${isNext ? "as-button first" : ""}>${isNext ? texts.doThisNow : texts.open}</a></div>`}
        </div>
      </li>`;
  });
  const done = steps.filter((step) => step.is_done).length;
  return html`<section key="set-up" class="card"><h2>${texts.setUp(done, steps.length)}</h2><ol class="checklist">${items}</ol></section>`;
}

/**
 * The section of the help that tells about a problem.
 * @type {Record<string, string>}
 */
const HELP = { intercom_stopped: "trouble-with-connecting", referral_factory_stopped: "trouble-with-connecting", permissions: "trouble-with-connecting", strikes: "trouble-with-connecting", campaign: "trouble-with-syncing-contacts", oldest_undelivered: "trouble-with-people-invited", attention: "when-something-needs-attention", quarantine: "day-by-day" };

/**
 * What needs a person now, each with the way to it; null when nothing does.
 * @param {Api.HealthAnswer} health
 */
export function problemList({ problems }) {
  if (!problems.length) return null;
  const items = problems.map(
    (one) => html`
      <li key=${one.what}>
        <strong>${one.what}</strong> ${one.where ? html`<a href=${one.where}>${one.do}</a>` : one.do}
        ${one.since ? html`<span class="soft">${texts.since}${moment(one.since)}.</span>` : null}
        ${HELP[one.kind] ? html` <a href="#/help/${HELP[one.kind]}" aria-label=${texts.moreAbout(one.what)}>${common.moreAboutIt}</a>` : null}
      </li>`,
  );
  return html`<section key="problems" class="note bad" aria-label=${texts.whatNeedsYou}><h2>${texts.thingsNeedYou(problems.length)}</h2><ul>${items}</ul></section>`;
}
