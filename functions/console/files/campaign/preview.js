// Exactly what would be sent to Intercom for a person, field by field, with the settings as they stand on the page.

import { read, send } from "../parts/api.js";
import { attempt, button, card, make, table } from "../parts/dom.js";
import { field, input, placeRemarks, select } from "../parts/form.js";
import { sourceName } from "./sources.js";
import { shown } from "../parts/words.js";
import { shortName } from "../parts/workspace.js";

const EXAMPLE = { first_name: "Alice", email: "alice.example@example.com", url: "example.com/alice", code: "alice1" };

export function previewCard(model, audience) {
  const typed = { audience, ...EXAMPLE, meta: {}, referrer: audience === "person_invited" ? { first_name: "Bob", email: "bob@example.com" } : {} };
  const result = make("div", { "aria-live": "polite" });
  const chosen = { user: "" };
  const form = make("div", { className: "grid" });

  function renderForm() {
    const texts = [field("First name", input(typed.first_name, (text) => (typed.first_name = text))), field("E-mail", input(typed.email, (text) => (typed.email = text)))];
    for (const label of labelsOf(model, audience)) texts.push(field(label, input(typed.meta[label], (text) => (typed.meta[label] = text))));
    if (audience === "person_invited") {
      texts.push(field("Referrer’s first name", input(typed.referrer.first_name, (text) => (typed.referrer.first_name = text))));
      texts.push(field("Referrer’s e-mail", input(typed.referrer.email, (text) => (typed.referrer.email = text))));
    }
    form.replaceChildren(...(chosen.user ? [] : texts));
  }

  const who = make("div", {});
  async function loadPeople() {
    const page = await attempt(() => read("/api/referrals", { campaign_id: model.id, audience, limit: 20 }));
    const people = (page?.items ?? []).map((one) => [String(one.user_id), `${one.first_name ?? "No name"} – ${one.email ?? "no e-mail"}`]);
    const control = select(chosen.user, [["", "A person typed below"], ...people], (value) => {
      chosen.user = value;
      renderForm();
    });
    who.replaceChildren(field("Who", control, { hint: people.length ? "Or a person who signed up lately." : "Nobody has signed up yet." }));
  }

  async function run() {
    const settings = { ...model.document(), campaign_id: model.id };
    const onPage = model.pagePlaces();
    const person = chosen.user ? { user_id: Number(chosen.user) } : { person: tidy(typed) };
    try {
      render(await send(`/api/campaigns/${model.id}/preview`, { ...person, settings }));
    } catch (error) {
      if (error.status === 401 || error.status === undefined) throw error;
      result.replaceChildren(make("p", { className: "note warn" }, error.message));
      const errors = (error.problem?.errors ?? []).map((each) => ({ ...each, place: each.place.replace(/^settings\./, "") }));
      placeRemarks(model.root(), onPage(errors));
    }
  }

  function render(answer) {
    const rows = answer.fields.map((each) => [
      make("code", {}, shortName(each.attribute)),
      each.sent ? shown(each.value) : make("s", {}, shown(each.value)),
      each.sources.map(sourceName).join(" + ") || (each.only_on_create ? "Default" : "–"),
      each.sent ? (each.only_on_create ? "Sent, only when created" : "Sent") : `Not sent. ${each.reason}`,
    ]);
    const outcome = make("p", { className: `note ${answer.checked ? "good" : "warn"}` }, answer.outcome);
    result.replaceChildren(outcome, rows.length ? table("What would be sent", ["Attribute", "Value", "From", "What happens"], rows) : "");
  }

  renderForm();
  who.append(button("Choose somebody who signed up", loadPeople));
  const text = make("p", { className: "soft" }, "See exactly what would be sent to Intercom. Nothing is sent by looking.");
  return card("Preview", text, who, form, make("div", { className: "row" }, button("Show what would be sent", run)), result);
}

const labelsOf = (model, audience) => {
  const mapped = model.settings[audience].mapping.map((row) => row.from ?? "").filter((from) => from.startsWith("meta."));
  return [...new Set(mapped.map((from) => from.slice(5)))];
};

/** Without what was left empty. */
function tidy(person) {
  const filled = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== "" && value !== undefined));
  return { ...filled(person), meta: filled(person.meta), referrer: filled(person.referrer) };
}
