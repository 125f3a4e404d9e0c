// Referral Factory: API key, warnings and the stop after them, disconnect.

import { send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { button, card, make, say } from "../parts/dom.js";
import { facts, stopped } from "./connection_parts.js";
import { field, input, pressedByEnter } from "../parts/form.js";
import { badge, moment } from "../parts/words.js";
import { common } from "../parts/texts/common.js";
import { connectionFactory as texts } from "../parts/texts/connection.js";
import { html } from "../parts/view.js";

const PATH = "/api/connection/referral-factory";

/**
 * @param {Api.ConnectionAnswer} state
 * @param {(answer?: Api.ConnectionAnswer) => unknown} reload
 */
export function factoryCard({ referral_factory: factory }, reload) {
  const state = badge(factory.connected ? [common.connected, "good"] : [common.notConnected, "quiet"]);
  const rows = [[common.connected, factory.connected_at ? html`<span>${moment(factory.connected_at)}${texts.by(factory.connected_by)}</span>` : null]];
  /** @type {Child[]} */
  const parts = [make("p", {}, state), factory.problem && factory.connected ? make("p", { className: "note bad" }, factory.problem) : null, stopped(factory.breaker), strikes(factory.strikes, reload)];
  if (factory.connected) parts.push(facts(rows), disconnectRow(reload));
  const form = keyForm(reload);
  return card(texts.referralFactory, ...parts, factory.connected ? make("details", {}, make("summary", {}, texts.changeKey), form) : form);
}

/** @param {(answer?: Api.ConnectionAnswer) => unknown} reload */
function keyForm(reload) {
  let key = "";
  const control = input("", (text) => (key = text.trim()), { type: "password", autocomplete: "off" });
  const connect = button(texts.connect, async () => {
    if (!key) return say(texts.pasteKeyFirst, "bad");
    const { items } = await send(PATH, { api_key: key }, "PUT");
    await reload();
    return say(texts.connectedAccount(items.length));
  }, { className: "first" });
  const hint = texts.keyHint;
  return pressedByEnter(make("div", {}, field(texts.key, control, { hint }), make("div", { className: "row" }, connect)), connect);
}

/** @param {(answer?: Api.ConnectionAnswer) => unknown} reload */
function disconnectRow(reload) {
  const text = texts.aboutDisconnecting;
  return make(
    "div",
    { className: "row" },
    button(common.disconnect, async () => {
      if (!(await confirmed(texts.disconnectQuestion, text, common.disconnect, "danger"))) return;
      await reload(await send("/api/connection/disconnect", { vendor: "referral_factory" }));
      say(texts.disconnected);
    }, { className: "danger" }),
  );
}

/**
 * @param {Api.ReferralFactoryAnswer["strikes"]} found
 * @param {(answer?: Api.ConnectionAnswer) => unknown} reload
 */
function strikes(found, reload) {
  if (!found.count && !found.stopped) return null;
  const words = found.stopped
    ? texts.stoppedAfterWarnings(found.count)
    : texts.warned(found.count);
  const lift = async (/** @type {boolean} */ forget) => {
    await reload(await send(`${PATH}/lift-stop`, { forget }));
    say(forget ? texts.theWarningsAreForgotten : texts.theStopIsLifted);
  };
  const text = [texts.whenToLift, texts.warningsStay];
  const stop = button(texts.liftTheStop, async () => (await confirmed(texts.liftQuestion, text, texts.liftIt)) && lift(false), { className: "first" });
  const forgetText = texts.whenToForget;
  const forget = button(texts.forgetTheWarnings, async () => (await confirmed(texts.forgetQuestion, forgetText, texts.forgetThem)) && lift(true));
  return make("div", { className: `note ${found.stopped ? "bad" : "warn"}` }, make("p", {}, words, " ", found.last_at ? make("span", {}, texts.last, moment(found.last_at), ".") : null), make("div", { className: "row" }, found.stopped ? stop : null, forget));
}
