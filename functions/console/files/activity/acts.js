// What can be done with people: with those who are selected, or with all that match.

import { search, send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { say } from "../parts/dom.js";
import { saveTable } from "../parts/save_table.js";
import { plural } from "../parts/texts/numbers.js";

const AT_ONCE = 100; // people of one call

/** `filter` as the API takes it. Answers whether it was done. */
export async function sendAgain(filter, whom) {
  const text = ["They go to Intercom again, as fast as the two vendors allow.", "Nobody is created twice, and pressing again does no harm."];
  const sum = await forAll("/api/replays", filter, [`Send ${whom} again?`, text, "Send again"], ["replayed", "already_waiting"]);
  if (!sum) return false;
  const waited = sum.already_waiting ? ` ${plural(sum.already_waiting, "was", "were")} on the way already.` : "";
  say(`${people(sum.replayed)} sent again.${waited}`);
  return true;
}

export async function markDealtWith(filter, whom) {
  const text = ["They leave “Needs attention”. Nothing is sent, and each one’s story says who marked it.", "If something else goes wrong with them later, they show again."];
  const sum = await forAll("/api/closes", filter, [`Mark ${whom} as dealt with?`, text, "Mark them"], ["closed"]);
  if (!sum) return false;
  say(`${people(sum.closed)} marked as dealt with.`);
  return true;
}

export const exportPeople = (filter) => saveTable(`/api/referrals${search(filter)}`, "people.csv");

/** `rows` as the list has them. */
export async function eraseAll(rows) {
  const emails = [...new Set(rows.map((one) => one.email).filter(Boolean))];
  if (!emails.length) return say("None of them has an e-mail address here, so nothing is stored that could be erased.", "bad");
  const text = [
    `Everything stored here about ${plural(emails.length, "address", "addresses")} is deleted: names, links and answers, in every campaign. It cannot be undone.`,
    emails.join(", "),
    "The contacts in Intercom and the users in Referral Factory are not deleted: do that there. Backups keep a copy for 35 days.",
  ];
  if (!(await confirmed(`Erase ${people(emails.length)}?`, text, "Erase", "danger"))) return false;
  let later = 0; // a list too long to be read at once: the application goes on by itself
  for (const [done, email] of emails.entries()) {
    say(`Erased ${done} of ${emails.length}…`, "wait");
    if ((await send("/api/people/erase", { email })).rows === null) later += 1;
  }
  say(later ? `${people(emails.length)} are being erased: the list is long, so it takes some minutes. Nothing brings them back from now on.` : `${people(emails.length)} erased.`);
  return true;
}

const people = (count) => plural(count, "person", "people");

/** The filter that means these rows, in portions that one call takes. */
export function filtersOf(rows) {
  const ids = rows.map(({ campaign_id, user_id }) => ({ campaign_id, user_id }));
  return Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, part) => ({ people: ids.slice(part * AT_ONCE, (part + 1) * AT_ONCE) }));
}

/** Asks, then sends until all had their turn; the sums of what the answers count, null when somebody thought better of it. */
async function forAll(path, filters, question, counted) {
  if (!(await confirmed(...question))) return null;
  const sum = Object.fromEntries(counted.map((name) => [name, 0]));
  for (const filter of [filters].flat()) {
    const wanted = { ...filter, ...(filter.campaign_id ? { campaign_id: Number(filter.campaign_id) } : {}) };
    let cursor = null;
    do {
      const answer = await send(path, { ...wanted, cursor });
      for (const name of counted) sum[name] += answer[name];
      cursor = answer.cursor;
      say(`${people(sum[counted[0]])} so far…`, "wait");
    } while (cursor !== null && cursor !== undefined);
  }
  return sum;
}
