// A made-up person, sent through the campaign by the application's own webhook, watched live and taken back with one click.

import { read, send } from "../parts/api.js";
import { button, every, kept, make, say, table } from "../parts/dom.js";
import { shown } from "../parts/texts/numbers.js";
import { trial as texts } from "../parts/texts/trial.js";
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
    place.replaceChildren(...kept(trial ? under() : await before()));
  }

  async function look() {
    const drawn = JSON.stringify([trial, found]);
    if (trial) await renew().catch(() => null);
    if (JSON.stringify([trial, found]) !== drawn) await show();
  }

  /**
   */
  const path = () => `/api/campaigns/${model.id}/trial`;
  async function before() {
    if (person() === null) return [make("p", { className: "note" }, texts.nobody)];
    const next = { ...person(), email: email() }; // who is shown is who is sent
    const preview = await send(`/api/campaigns/${model.id}/preview`, { person: next });
    const rows = preview.fields.filter((each) => each.sent).map((each) => [make("code", {}, address(shortName(each.attribute))), address(shown(each.value))]);
    const start = button(texts.send, async () => {
      trial = (await send(path(), { person: next })).trial;
      await show();
      place.querySelector("button")?.focus();
    }, { className: "first" });
    return [
      make("p", {}, texts.aboutMadeUp),
      model.isChanged ? make("p", { className: "note warn" }, texts.unsaved) : null,
      make("p", {}, make("strong", {}, preview.outcome)),
      make("details", {}, make("summary", {}, texts.allFields), table(texts.whatIntercomGets, texts.heads, rows)),
      make("div", { className: "row" }, start),
    ];
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
    return [stepList(rows, contactLink(found)), make("p", { className: "soft small" }, texts.aboutBack), make("div", { className: "row" }, back)];
  }

  every(signal, SECONDS, look);
  return { element: place, ready: renew().then(show) };
}
