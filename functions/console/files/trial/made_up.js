// A made-up person, sent through the campaign by the application's own webhook, watched live and taken back with one click.

import { read, send } from "../parts/api.js";
import { every, make, say } from "../parts/dom.js";
import { shown } from "../parts/texts/numbers.js";
import { trial as texts } from "../parts/texts/trial.js";
import { button, html, render, table } from "../parts/view.js";
import { address } from "../parts/words.js";
import { shortName } from "../parts/workspace.js";
import { contactLink, stepList, waitingWords } from "./steps.js";

const SECONDS = 2;

/**
 * `person` as the preview takes it; `email` names the next one.
 * @param {Model} model
 * @param {() => object | null} person
 * @param {() => string} email
 * @param {AbortSignal} signal
 */
export function madeUp(model, person, email, signal) {
  const place = make("div", {});
  /** @type {Api.TrialAnswer["trial"]} */
  let trial = null;
  /** @type {Person | null} */
  let found = null;

  async function renew() {
    trial = (await read(path())).trial;
    found = trial ? ((await read("/api/referrals", { email: trial.email, campaign_id: model.id })).items[0] ?? null) : null;
  }

  async function show() {
    render(trial ? under() : await before(), place);
  }

  async function look() {
    if (!trial) return;
    await renew().catch(() => null);
    await show();
  }

  const path = () => `/api/campaigns/${model.id}/trial`;
  async function before() {
    if (person() === null) return html`<p class="note">${texts.nobody}</p>`;
    const next = { ...person(), email: email() }; // who is shown is who is sent
    const preview = await send(`/api/campaigns/${model.id}/preview`, { person: next });
    const rows = preview.fields.filter((each) => each.sent).map((each) => [html`<code>${address(shortName(each.attribute))}</code>`, address(shown(each.value))]);
    const start = button(texts.send, async () => {
      trial = (await send(path(), { person: next })).trial;
      await show();
      place.querySelector("button")?.focus();
    }, { className: "first" });
    return html`
      <p>${texts.aboutMadeUp}</p>
      ${model.isChanged ? html`<p class="note warn">${texts.unsaved}</p>` : null}
      <p><strong>${preview.outcome}</strong></p>
      <details><summary>${texts.allFields}</summary>${table(texts.whatIntercomGets, texts.heads, rows)}</details>
      <div class="row">${start}</div>`;
  }

  function under() {
    const arrived = Boolean(found?.contact_id);
    const rows = [
      [true, texts.webhookCame, texts.howItCame],
      [Boolean(found), texts.isInTheList, found ? address(trial?.email) : texts.withinSeconds],
      [arrived, texts.isInIntercom, waitingWords(found)],
    ];
    const back = button(texts.takeBack, async () => {
      const { message } = await send(path(), {}, "DELETE");
      trial = found = null;
      await show();
      say(message);
      place.querySelector("button")?.focus();
    });
    return html`${stepList(rows, contactLink(found))}<p class="soft small">${texts.aboutBack}</p><div class="row">${back}</div>`;
  }

  every(signal, SECONDS, look);
  return { element: place, ready: renew().then(show) };
}
