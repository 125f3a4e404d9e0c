// The proof that nobody is lost: where each of a campaign's people at Referral Factory is, and who is not accounted for.

import { make } from "../parts/dom.js";
import { moment } from "../parts/words.js";
import { number, plural } from "../parts/texts/numbers.js";

const PLACES = {
  in_intercom: "in Intercom",
  skipped: "there before",
  waiting: "on the way",
  held: "kept until active",
  failed: "failed",
  erased: "erased or deleted",
  not_sent: "not sent, as you chose",
  joined_before: "joined before",
};

/** `1,204 people, 1,204 accounted for, checked today 02:00`. Without a `proof` all of them were not counted yet. */
export function proofLine(proof) {
  if (!proof) return make("span", { className: "soft" }, "Not counted yet: this is done every night.");
  return make("span", {}, plural(proof.people, "person", "people"), ", ", make("strong", {}, `${number(proof.accounted_for)} accounted for`), ", checked ", moment(proof.checked_at));
}

/** The same as a card, with where they are, and the first hundred who are not accounted for. */
export function proofDetails(proof) {
  const line = make("p", {}, "At Referral Factory: ", proofLine(proof));
  if (!proof) return make("div", { className: "card" }, line);
  const places = Object.entries(PLACES).filter(([place]) => proof.places[place]);
  const where = places.length ? make("p", { className: "soft" }, places.map(([place, word]) => `${number(proof.places[place])} ${word}`).join(", "), ".") : null;
  const missing = proof.people - proof.accounted_for;
  if (!missing) return make("div", { className: "card" }, line, where);
  const people = proof.unaccounted.map((one) => make("li", {}, `User ${one.user_id}: ${one.why}`));
  const more = missing - people.length;
  const list = make("section", { className: "note bad", "aria-label": "Not accounted for" }, make("h2", {}, `${plural(missing, "person is", "people are")} not accounted for`), make("ul", {}, ...people), more > 0 ? make("p", {}, `And ${number(more)} more.`) : null);
  return make("div", { className: "card" }, line, where, list);
}
