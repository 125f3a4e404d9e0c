// Try it now: a made-up person with one click, or an address to sign up with; either is watched step by step.

import { read, send } from "../parts/api.js";
import { EXAMPLE, labelsOf } from "../campaign/preview.js";
import { copyable } from "../connection/connection_parts.js";
import { ask, confirmed } from "../parts/dialog.js";
import { attempt, every, link, make, say } from "../parts/dom.js";
import { current } from "../parts/signin.js";
import { common } from "../parts/texts/common.js";
import { trial as texts } from "../parts/texts/trial.js";
import { button, html, render } from "../parts/view.js";
import { madeUp } from "./made_up.js";
import { arrivedWords, contactLink, stepList, waitingWords } from "./steps.js";

const SECONDS = 3;

/**
 * Opens the dialog.
 * @param {Model} model
 */
export async function tryItNow(model) {
  const stop = new AbortController();
  const isActive = model.before().status === "active";
  const made = madeUp(model, () => person(model), () => proposed("trial"), stop.signal);
  await attempt(() => made.ready);
  const content = [
    isActive ? null : make("p", { className: "note warn" }, texts.notActive),
    make("h3", {}, texts.madeUp),
    made.element,
    make("h3", {}, texts.byHand),
    ...byHand(model, stop.signal),
  ].filter(Boolean);
  await ask(common.tryItNow, content, [[common.close, null]]);
  stop.abort();
}

/**
 * @param {Model} model
 * @param {AbortSignal} signal
 */
function byHand({ factory: campaign }, signal) {
  const email = proposed("test");
  const place = make("div", {});
  /** @type {Person | null} */
  let found = null;

  function show() {
    const rows = [
      [Boolean(found), texts.youSignUp, found ? texts.reported : texts.inAPrivateWindow],
      [Boolean(arrivedWords(found)), texts.personIsInIntercom, waitingWords(found)],
    ];
    render(html`${stepList(rows, contactLink(found))}${found ? html`<div class="row">${back}</div>` : null}`, place);
  }

  async function look() {
    const { items } = await read("/api/referrals", { email, campaign_id: campaign?.id }).catch(() => ({ items: [] }));
    found = items[0] ?? null;
    show();
  }

  const back = button(texts.takeTestPersonBack, async () => {
    if (!(await confirmed(texts.takeTestPersonBackQuestion, texts.aboutTestPerson, texts.takeBack, "danger"))) return;
    say((await send("/api/people/erase", { email })).message);
  });
  show();
  every(signal, SECONDS, look);
  const open = campaign?.url ? make("p", {}, link(texts.openThePage, campaign.url, { target: "_blank", rel: "noreferrer", className: "as-button" })) : null;
  return [open, copyable(texts.addressToUse, email), place].filter(Boolean);
}

/**
 * Whoever the saved settings send: invited, else referring; null when nobody is sent.
 * @param {Model} model
 */
function person(model) {
  const settings = model.before();
  const audience = /** @type {const} */ (["person_invited", "person_referring"]).find((one) => settings[one].action !== "none");
  if (!audience) return null;
  const labels = labelsOf({ settings }, audience);
  const referrer = audience === "person_invited" ? { first_name: "Bob", email: "bob@example.com" } : {};
  return { audience, ...EXAMPLE, url: `${location.protocol}//${EXAMPLE.url}`, meta: Object.fromEntries(labels.map((label) => [label, texts.labelled])), referrer };
}

/**
 * One's own address with a plus, so that the test's mail arrives and nobody else is met.
 * @param {string} tag
 */
function proposed(tag) {
  const own = current()?.email || "you@example.com";
  const [name, host] = own.split("@");
  return `${name.split("+")[0]}+${tag}${new Date().toISOString().slice(2, 19).replaceAll(/\D/g, "")}@${host}`;
}
