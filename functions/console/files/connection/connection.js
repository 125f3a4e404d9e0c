// The page Connection: five steps, from the first sign-in to a webhook that came.

import { read } from "../parts/api.js";
import { every, link, make } from "../parts/dom.js";
import { forgetAll } from "../parts/workspace.js";
import { factoryCard } from "./connection_factory.js";
import { intercomCard } from "./connection_intercom.js";
import { secretsCard } from "./connection_secrets.js";
import { factoryHooks, hasHeardFactory, hasHeardIntercom, intercomHooks } from "./webhooks.js";
import { connection as texts } from "../parts/texts/connection.js";

/**
 * @param {Address} _
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function show(_, signal) {
  const page = make("div", { className: "connection" });
  let state = await read("/api/connection");
  /** @type {Map<number, string>} */
  let names = new Map();
  /** @type {Array<(state: Api.ConnectionAnswer) => void>} */
  const lights = [];

  async function readNames() {
    const { items } = await read("/api/campaigns", { limit: 100 }).catch(() => ({ items: [] }));
    names = new Map(items.map((/** @type {Api.CampaignSummary} */ one) => /** @type {[number, string]} */ ([one.campaign_id, one.name])));
  }

  /**
   * Draws everything again after somebody changed something here.
   * @param {Api.ConnectionAnswer} [answer]
   */
  async function reload(answer) {
    forgetAll();
    state = answer?.intercom ? answer : await read("/api/connection");
    render();
  }

  function render() {
    lights.length = 0;
    /** @type {Array<[card: HTMLElement, isDone: (state: Api.ConnectionAnswer) => unknown]>} */
    const steps = [
      [intercomCard(state, reload), (fresh) => fresh.intercom.connected],
      [factoryCard(state, reload), (fresh) => fresh.referral_factory.connected],
      [secretsCard(state, reload), (fresh) => fresh.webhook_secrets.has_current],
      [factoryHooks(state, names, lights), hasHeardFactory],
      [intercomHooks(state, lights), hasHeardIntercom],
    ];
    const warning = make("p", { className: "note warn" }, make("strong", {}, texts.pleaseCheck), state.warning);
    const progress = make("div", { role: "status" });
    const marks = steps.map(([card], index) => {
      const mark = make("span", { className: "step-number" });
      card.classList.add("step");
      card.prepend(mark);
      return (/** @type {unknown} */ isDone) => {
        card.classList.toggle("done", Boolean(isDone));
        mark.replaceChildren(make("span", { "aria-hidden": "true" }, isDone ? "✓" : String(index + 1)), make("span", { className: "unseen" }, texts.step(index + 1, isDone)));
      };
    });
    const tell = (/** @type {Api.ConnectionAnswer} */ fresh) => {
      const done = steps.map(([, isDone]) => isDone(fresh));
      done.forEach((isDone, index) => marks[index](isDone));
      const count = done.filter(Boolean).length;
      const words = count === steps.length
        ? make("p", { className: "note good" }, make("strong", {}, texts.allConnected), texts.signupsComeIn, link(names.size ? texts.goToYourCampaigns : texts.setUpACampaign, "#/campaigns"))
        : make("p", { className: "soft" }, texts.stepsDone(count, steps.length));
      if (progress.textContent !== words.textContent) progress.replaceChildren(words);
    };
    lights.push(tell);
    tell(state);
    page.replaceChildren(progress, warning, ...steps.map(([card]) => card));
  }

  await readNames();
  render();
  every(signal, 5, async () => {
    const fresh = await read("/api/connection").catch(() => null);
    if (fresh) for (const light of lights) light(fresh);
  });
  return { title: texts.title, content: [page] };
}
