// The contact as Intercom will show it, beside the form and renewed as one types. Looking sends nothing.

import { read, send } from "../parts/api.js";
import { attempt, button, make } from "../parts/dom.js";
import { field, input, placeRemarks, select } from "../parts/form.js";
import { sourceName } from "./sources.js";
import { address, badge } from "../parts/words.js";
import { shown } from "../parts/texts/numbers.js";
import { shortName } from "../parts/workspace.js";
import { common } from "../parts/texts/common.js";
import { preview as texts } from "../parts/texts/campaign.js";
import { html, render, table } from "../parts/view.js";

export const EXAMPLE = { first_name: "Alice", email: "alice.example@example.com", url: "example.com/alice", code: "alice1" };
const PAUSE = 700; // milliseconds without a change
const WIDE = matchMedia("(min-width: 75rem)");

/**
 * @param {Model} model
 * @param {"person_invited" | "person_referring"} audience
 */
export function previewCard(model, audience) {
  /** @type {any} */
  const typed = { audience, ...EXAMPLE, meta: {}, referrer: audience === "person_invited" ? { first_name: "Bob", email: "bob@example.com" } : {} };
  const result = make("div", {});
  const said = make("p", { className: "unseen", role: "status" });
  const chosen = { user: "" };
  const form = make("div", { className: "grid" });
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  let turn = 0;

  /** Once nobody types any more, and only while it is beside what one types. */
  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => WIDE.matches && element.offsetParent && run(true), PAUSE);
  }

  /**
   * @param {Record<string, string>} of
   * @param {string} name
   * @param {string} label
   */
  function text(of, name, label) {
    return field(label, input(of[name], (value) => {
      of[name] = value;
      later();
    }));
  }

  function renderForm() {
    const inputs = [text(typed, "first_name", common.firstName), text(typed, "email", common.email), ...labelsOf(model, audience).map((label) => text(typed.meta, label, label))];
    if (audience === "person_invited") inputs.push(text(typed.referrer, "first_name", texts.referrersFirstName), text(typed.referrer, "email", texts.referrersEmail));
    form.replaceChildren(...(chosen.user ? [] : inputs));
  }

  const who = make("div", {});
  async function loadPeople() {
    const page = await attempt(() => read("/api/referrals", { campaign_id: model.id, audience, limit: 20 }));
    const people = (page?.items ?? []).map((one) => [String(one.user_id), `${one.first_name ?? texts.noName} – ${one.email ?? texts.noEmail}`]);
    const control = select(chosen.user, [["", texts.aPersonTypedBelow], ...people], (value) => {
      chosen.user = value;
      renderForm();
      later();
    });
    who.replaceChildren(field(texts.who, control, { hint: people.length ? texts.orSomebody : texts.nobodyHasSignedUpYet }));
  }

  /**
   * `quietly`: what is not finished yet is no mistake.
   * @param {boolean} [quietly]
   */
  async function run(quietly = false) {
    const mine = ++turn;
    const settings = { ...model.document(), campaign_id: model.id };
    const onPage = model.pagePlaces();
    const person = chosen.user ? { user_id: Number(chosen.user) } : { person: tidy(typed) };
    try {
      const answer = await send(`/api/campaigns/${model.id}/preview`, { ...person, settings });
      if (mine === turn) show(answer, chosen.user ? {} : typed);
    } catch (/** @type {any} */ error) {
      if (error.status === 401 || error.status === undefined) throw error;
      if (mine !== turn) return;
      render(html`<p class="note">${quietly ? texts.fillInFirst : error.message}</p>`, result);
      if (quietly) return;
      const errors = (error.problem?.errors ?? []).map((/** @type {Remark} */ each) => ({ ...each, place: each.place.replace(/^settings\./, "") }));
      placeRemarks(model.root(), onPage(errors));
    }
  }

  /**
   * @param {Api.PreviewAnswer} answer
   * @param {{ first_name?: string, email?: string }} person
   */
  function show(answer, person) {
    const sentTo = (/** @type {string} */ name) => answer.fields.find((each) => each.attribute === name)?.value;
    const name = shown(sentTo("name") ?? person.first_name);
    const dropped = answer.fields.filter((each) => each.dropped).length;
    const rows = answer.fields.map((each) => [html`<div><code>${address(shortName(each.attribute))}</code><div class="soft small">${from(each)}</div></div>`, value(each)]);
    const role = answer.role ? badge([answer.role === "lead" ? texts.lead : texts.user, "wait"]) : null;
    render(
      html`
        <div class="contact-head">
          <span class="avatar" aria-hidden="true">${name.slice(0, 1).toUpperCase()}</span>
          <div><strong>${name}</strong> ${role}<div class="soft small">${address(shown(sentTo("email") ?? person.email))}</div></div>
        </div>
        <p class="note ${!answer.checked || dropped ? "warn" : "good"}">${answer.outcome}</p>
        ${rows.length ? table(texts.caption, texts.columns, rows) : null}`,
      result,
    );
    said.textContent = `${answer.outcome}${dropped ? texts.countLeftOut(dropped) : ""}`;
  }

  renderForm();
  who.append(button(texts.chooseSomebody, loadPeople));
  const example = make("details", {}, make("summary", {}, texts.changeTheExample), who, form);
  example.open = !WIDE.matches;
  const hint = make("p", { className: "soft small" }, texts.about);
  const element = make("aside", { className: "card preview", "aria-label": texts.title }, make("h2", {}, texts.title), hint, result, example, make("div", { className: "row" }, button(texts.showIt, () => run())), said);
  model.onChange(() => {
    if (JSON.stringify(labelsOf(model, audience)) !== drawn) renderForm();
    drawn = JSON.stringify(labelsOf(model, audience));
    later();
  });
  let drawn = JSON.stringify(labelsOf(model, audience));
  later();
  return element;
}

/** @param {Api.FieldAnswer} each */
const from = (each) => each.sources.map(sourceName).join(" + ") || (each.only_on_create ? texts.onlyWhenCreated : "");

/**
 * What the contact has now, what it will have, and why not.
 * @param {Api.FieldAnswer} each
 */
function value(each) {
  if (each.dropped) return html`<div><del>${address(shown(each.value))}</del><div class="problem">${texts.leftOut(each.reason)}</div></div>`;
  if (!each.sent) return html`<div>${address(shown(each.before ?? each.value))}<div class="soft small">${each.reason}</div></div>`;
  const changes = each.before !== null && each.before !== undefined && each.before !== "" && each.before !== each.value;
  return html`<div>${changes ? html`<del>${address(shown(each.before))}</del> → <ins>${address(shown(each.value))}</ins>` : address(shown(each.value))}</div>`;
}

/**
 * @param {{ settings: Settings }} model
 * @param {"person_invited" | "person_referring"} audience
 */
export const labelsOf = (model, audience) => {
  const mapped = model.settings[audience].mapping.map((row) => row.from ?? "").filter((from) => from.startsWith("meta."));
  return [...new Set(mapped.map((from) => from.slice(5)))];
};

/**
 * Without what was left empty.
 * @param {Record<string, any>} person
 */
function tidy(person) {
  const filled = (/** @type {object} */ object) => Object.fromEntries(Object.entries(object).filter(([, text]) => text !== "" && text !== undefined));
  return { ...filled(person), meta: filled(person.meta), referrer: filled(person.referrer) };
}
