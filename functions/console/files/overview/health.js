// What is wrong now, as the application itself judges it: the line under the header, the badges, the checklist.

import { read } from "../parts/api.js";
import { every, link, make } from "../parts/dom.js";
import { moment } from "../parts/words.js";
import { common } from "../parts/texts/common.js";
import { health as texts } from "../parts/texts/overview.js";

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
    const content = found.level === "good" ? [found.sentence] : [`${found.sentence} `, link(found.problems.length ? texts.seeWhatToDo : texts.goOn, where)];
    if (line.dataset.said === found.sentence) return;
    line.dataset.said = found.sentence;
    line.className = `health ${found.level}`;
    line.replaceChildren(...content);
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
    const mark = make("span", { className: "tick", "aria-hidden": "true" }, step.is_done ? "✓" : "");
    const state = make("span", { className: "unseen" }, step.is_done ? common.done : common.toDo);
    const action = step.is_done ? null : make("span", {}, make("span", { className: "soft" }, step.do), " ", link(step === next ? texts.doThisNow : texts.open, step.where, { "aria-label": texts.openStep(step.what), className: step === next ? "as-button" : "" }));
    return make("li", { className: step.is_done ? "done" : "" }, mark, make("div", {}, state, make("strong", {}, step.what), action ? make("div", {}, action) : null));
  });
  const done = steps.filter((step) => step.is_done).length;
  return make("section", { className: "card" }, make("h2", {}, texts.setUp(done, steps.length)), make("ol", { className: "checklist" }, ...items));
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
  const items = problems.map((one) => make("li", {}, make("strong", {}, one.what), " ", one.where ? link(one.do, one.where) : one.do, one.since ? make("span", { className: "soft" }, texts.since, moment(one.since), ".") : null, HELP[one.kind] ? [" ", link(common.moreAboutIt, `#/help/${HELP[one.kind]}`, { "aria-label": texts.moreAbout(one.what) })] : null));
  return make("section", { className: "note bad", "aria-label": texts.whatNeedsYou }, make("h2", {}, texts.thingsNeedYou(problems.length)), make("ul", {}, ...items));
}
