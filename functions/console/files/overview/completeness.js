// The proof that nobody is lost: where each of a campaign's people at Referral Factory is, and who is not accounted for.

import { moment } from "../parts/words.js";
import { number } from "../parts/texts/numbers.js";
import { common } from "../parts/texts/common.js";
import { completeness as texts } from "../parts/texts/overview.js";
import { html } from "../parts/view.js";

/**
 * `1,204 people, 1,204 accounted for, checked today 02:00`. Without a `proof` all of them were not counted yet.
 * @param {Api.CompletenessAnswer | null | undefined} proof
 */
export function proofLine(proof) {
  if (!proof) return html`<span class="soft">${texts.notCountedYet}</span>`;
  return html`<span>${texts.people(proof.people)}, <strong>${texts.accountedFor(proof.accounted_for)}</strong>${texts.checked}${moment(proof.checked_at)}</span>`;
}

/**
 * The same with where they are, and the first hundred who are not accounted for.
 * @param {Api.CompletenessAnswer | null | undefined} proof
 */
export function proofDetails(proof) {
  const line = html`<p>${common.atReferralFactory}${proofLine(proof)}</p>`;
  if (!proof) return html`<div class="proof small">${line}</div>`;
  const counts = Object.entries(proof.places).filter(([, count]) => count);
  const where = counts.length ? html`<p class="soft">${counts.map(([place, count]) => `${number(count)} ${texts.places[place]}`).join(", ")}.</p>` : null;
  const missing = proof.people - proof.accounted_for;
  if (!missing) return html`<div class="proof small">${line}${where}</div>`;
  const people = proof.unaccounted.map((one) => html`<li>${texts.unaccountedPerson(one.user_id, one.why)}</li>`);
  const more = missing - people.length;
  return html`
    <div class="proof small">
      ${line}${where}
      <section class="note bad" aria-label=${texts.unaccountedLabel}>
        <h2>${texts.unaccounted(missing)}</h2>
        <ul>${people}</ul>
        ${more > 0 ? html`<p>${texts.more(more)}</p>` : null}
      </section>
    </div>`;
}
