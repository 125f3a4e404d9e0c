// What can be done with people: with those who are selected, or with all that match.

import { search, send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { say } from "../parts/dom.js";
import { saveTable } from "../parts/save_table.js";
import { common } from "../parts/texts/common.js";
import { acts as texts } from "../parts/texts/activity.js";

const AT_ONCE = 100; // people of one call

/**
 * `filter` as the API takes it. Answers whether it was done.
 * @param {object | object[]} filter
 * @param {string} whom
 */
export async function sendAgain(filter, whom) {
  const text = [texts.theyGoToIntercomAgain, texts.nobodyIsCreatedTwice];
  const sum = await forAll("/api/replays", filter, [texts.sendAgainQuestion(whom), text, common.sendAgain], ["replayed", "already_waiting"]);
  if (!sum) return false;
  const waited = sum.already_waiting ? texts.onTheWayAlready(sum.already_waiting) : "";
  say(texts.sentAgain(people(sum.replayed), waited));
  return true;
}

/**
 * @param {object | object[]} filter
 * @param {string} whom
 */
export async function markDealtWith(filter, whom) {
  const text = [texts.theyLeaveNeedsAttention, texts.theyShowAgain];
  const sum = await forAll("/api/closes", filter, [texts.markQuestion(whom), text, texts.markThem], ["closed"]);
  if (!sum) return false;
  say(texts.markedAsDealtWith(people(sum.closed)));
  return true;
}

/** @param {Record<string, any>} filter */
export const exportPeople = (filter) => saveTable(`/api/referrals${search(filter)}`, "people.csv");

/**
 * `rows` as the list has them.
 * @param {Person[]} rows
 */
export async function eraseAll(rows) {
  const emails = [...new Set(rows.map((one) => one.email).filter(Boolean))];
  if (!emails.length) {
    say(texts.nothingToErase, "bad");
    return false;
  }
  const text = [
    texts.everythingIsDeleted(emails.length),
    emails.join(", "),
    texts.notDeletedElsewhere,
  ];
  if (!(await confirmed(texts.eraseQuestion(people(emails.length)), text, common.erase, "danger"))) return false;
  let later = 0; // a list too long to be read at once: the application goes on by itself
  for (const [done, email] of emails.entries()) {
    say(texts.erasedOf(done, emails.length), "wait");
    if ((await send("/api/people/erase", { email })).rows === null) later += 1;
  }
  say(later ? texts.areBeingErased(people(emails.length)) : texts.erased(people(emails.length)));
  return true;
}

const { people } = texts;

/**
 * The filter that means these rows, in portions that one call takes.
 * @param {Person[]} rows
 */
export function filtersOf(rows) {
  const ids = rows.map(({ campaign_id, user_id }) => ({ campaign_id, user_id }));
  return Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, part) => ({ people: ids.slice(part * AT_ONCE, (part + 1) * AT_ONCE) }));
}

/**
 * Asks, then sends until all had their turn; the sums of what the answers count, null when somebody thought better of it.
 * @param {string} path
 * @param {any} filters
 * @param {Parameters<typeof confirmed>} question
 * @param {string[]} counted
 */
async function forAll(path, filters, question, counted) {
  if (!(await confirmed(...question))) return null;
  const sum = Object.fromEntries(counted.map((name) => [name, 0]));
  for (const filter of [filters].flat()) {
    const wanted = { ...filter, ...(filter.campaign_id ? { campaign_id: Number(filter.campaign_id) } : {}) };
    let cursor = null;
    do {
      /** @type {Record<string, any>} */
      const answer = await send(path, { ...wanted, cursor });
      for (const name of counted) sum[name] += answer[name];
      cursor = answer.cursor;
      say(texts.soFar(people(sum[counted[0]])), "wait");
    } while (cursor !== null && cursor !== undefined);
  }
  return sum;
}
