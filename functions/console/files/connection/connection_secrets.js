// The secret of Referral Factory's webhooks: make the next one, put it there, then switch over.

import { send } from "../parts/api.js";
import { ask, confirmed } from "../parts/dialog.js";
import { copyable } from "./connection_parts.js";
import { button, card, make, say } from "../parts/dom.js";
import { badge } from "../parts/words.js";
import { common } from "../parts/texts/common.js";
import { connectionSecrets as texts } from "../parts/texts/connection.js";

const PATH = "/api/connection/webhook-secrets";

/**
 * @param {Api.ConnectionAnswer} state
 * @param {(answer?: Api.ConnectionAnswer) => unknown} reload
 */
export function secretsCard({ webhook_secrets: secrets }, reload) {
  const rotate = async (/** @type {string} */ action, sure = false) => {
    const made = await send(PATH, { action, sure });
    if (made.next) await showOnce(made.next, secrets.header);
    await reload();
  };
  const make_next = button(secrets.has_current ? texts.makeNew : texts.makeFirst, () => rotate("make_next"), { className: secrets.has_current ? "" : "first", disabled: secrets.has_next });
  const promote = button(texts.switchOver, async () => {
    const text = texts.whenToSwitch;
    if (!(await confirmed(texts.switchQuestion, text, texts.switchYes))) return;
    try {
      await rotate("promote");
    } catch (/** @type {any} */ error) {
      if (error.status !== 409) throw error;
      const doubt = texts.switchDoubt;
      if (!(await confirmed(error.message, doubt, texts.switchAnyway, "danger"))) return;
      await rotate("promote", true);
    }
    say(texts.switchedOver);
  }, { className: "first" });
  const drop = button(texts.dropTheNewOne, async () => {
    const text = texts.aboutDropping;
    if (await confirmed(texts.dropQuestion, text, texts.dropIt, "danger")) await rotate("drop_next");
  });
  return card(
    texts.title,
    make("p", {}, badge(secrets.has_current ? [texts.aSecretIsSet, "good"] : [texts.noSecretYet, "bad"]), " ", secrets.has_next ? badge([texts.aNewOneWaits, "wait"]) : null),
    make("p", { className: "soft" }, texts.about(secrets.header)),
    make("div", { className: "row" }, make_next, ...(secrets.has_next ? [promote, drop] : [])),
  );
}

/**
 * @param {string} secret
 * @param {string} header
 */
function showOnce(secret, header) {
  const content = [
    make("p", {}, texts.copyItNow),
    copyable(common.headerName, header),
    copyable(texts.headerValue, secret),
  ];
  return ask(texts.newSecretTitle, content, [[texts.iHaveCopiedIt, true, "first"]]);
}
