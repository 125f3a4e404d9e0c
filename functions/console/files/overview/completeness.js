// The proof that nobody is lost: where each of a campaign's people at Referral Factory is, and who is not accounted for.

import { make } from "../parts/dom.js";
import { moment } from "../parts/words.js";
import { number } from "../parts/texts/numbers.js";
import { common } from "../parts/texts/common.js";
import { completeness as texts } from "../parts/texts/overview.js";


/**
 * `1,204 people, 1,204 accounted for, checked today 02:00`. Without a `proof` all of them were not counted yet.
 * @param {Api.CompletenessAnswer | null | undefined} proof
 */
export function proofLine(proof) {
  if (!proof) return make("span", { className: "soft" }, texts.notCountedYet);
  return make("span", {}, texts.people(proof.people), ", ", make("strong", {}, texts.accountedFor(proof.accounted_for)), texts.checked, moment(proof.checked_at));
}

/**
 * The same with where they are, and the first hundred who are not accounted for.
 * @param {Api.CompletenessAnswer | null | undefined} proof
 */
export function proofDetails(proof) {
  const line = make("p", {}, common.atReferralFactory, proofLine(proof));
  if (!proof) return make("div", { className: "proof small" }, line);
  const counts = Object.entries(proof.places).filter(([, count]) => count);
  const where = counts.length ? make("p", { className: "soft" }, counts.map(([place, count]) => `${number(count)} ${texts.places[place]}`).join(", "), ".") : null;
  const missing = proof.people - proof.accounted_for;
  if (!missing) return make("div", { className: "proof small" }, line, where);
  const people = proof.unaccounted.map((one) => make("li", {}, texts.unaccountedPerson(one.user_id, one.why)));
  const more = missing - people.length;
  const list = make("section", { className: "note bad", "aria-label": texts.unaccountedLabel }, make("h2", {}, texts.unaccounted(missing)), make("ul", {}, ...people), more > 0 ? make("p", {}, texts.more(more)) : null);
  return make("div", { className: "proof small" }, line, where, list);
}
