// Intercom: connect by OAuth or with an access token, check, disconnect.

import { sendAgain } from "../activity/acts.js";
import { read, send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { arriving, button, card, link, make, say } from "../parts/dom.js";
import { field, input, pressedByEnter } from "../parts/form.js";
import { badge, moment } from "../parts/words.js";
import { copyable, facts, stopped } from "./connection_parts.js";
import { common } from "../parts/texts/common.js";
import { connectionIntercom as texts } from "../parts/texts/connection.js";
import { html } from "../parts/view.js";

/**
 * @param {Api.ConnectionAnswer} state
 * @param {(answer?: Api.ConnectionAnswer) => unknown} reload
 */
export function intercomCard({ intercom }, reload) {
  const { workspace } = intercom;
  const state = badge(intercom.connected ? [common.connected, "good"] : [common.notConnected, "quiet"]);
  const rows = [
    [texts.workspace, workspace ? `${workspace.name || texts.unnamed} (${workspace.id})` : null],
    [texts.region, workspace?.region],
    [texts.timeZone, workspace?.timezone],
    [common.connected, intercom.connected_at ? html`<span>${moment(intercom.connected_at)}${texts.by(intercom.connected_by)}</span>` : null],
    [texts.webhookSignatures, intercom.has_client_secret ? texts.verified : texts.secretIsMissing],
  ];
  /** @type {Child[]} */
  const parts = [make("p", {}, state), intercom.problem && intercom.connected ? make("p", { className: "note bad" }, intercom.problem) : null, stopped(intercom.breaker)];
  if (intercom.connected && intercom.workspace_before) parts.push(arriving(texts.elsewhereArriving, () => leftBehind(intercom, reload)));
  if (intercom.connected) parts.push(facts(rows), permissions(intercom), make("div", { className: "row" }, checkButton(reload), disconnectButton(reload)));
  const more = intercom.connected ? make("details", {}, make("summary", {}, texts.connectAgain), connect(intercom, reload)) : connect(intercom, reload);
  return card(texts.intercom, ...parts, more);
}

/**
 * What was delivered to the workspace that was connected before, and the offer to deliver it to this one.
 * @param {Api.IntercomAnswer} intercom
 * @param {(answer?: Api.ConnectionAnswer) => unknown} reload
 */
async function leftBehind({ workspace, workspace_before: before }, reload) {
  const { count, more } = await countElsewhere();
  if (!workspace || !before) return null;
  if (!count) return make("p", { className: "soft" }, texts.nothingIsLeft(before.name));
  const here = workspace.name || workspace.id;
  const people = `${texts.signups(count)}${more ? common.orMore : ""}`;
  const what = texts.leftBehind(people, before.name, here);
  const note = make("p", {}, what);
  const again = button(texts.sendThem, async () => (await sendAgain({ elsewhere: true }, texts.thoseElsewhere)) && reload());
  return make("div", { className: "note warn" }, note, make("div", { className: "row" }, again, link(common.lookAtThem, "#/activity?show=elsewhere")));
}

async function countElsewhere() {
  let count = 0;
  /** @type {string | null} */
  let cursor = "";
  for (let page = 0; page < 10 && cursor !== null; page += 1) {
    /** @type {Api.ReferralPage} */
    const part = await read("/api/referrals", { elsewhere: true, limit: 100, ...(cursor ? { cursor } : {}) });
    count += part.items.length;
    cursor = part.cursor;
  }
  return { count, more: cursor !== null };
}

/** @param {Api.IntercomAnswer} intercom */
function permissions({ missing_permissions: missing }) {
  const words = missing === null || missing === undefined ? texts.notLooked : missing.length ? texts.missing(missing) : texts.allThere;
  return make("p", { className: missing?.length ? "note warn" : "soft" }, texts.permissions(words));
}

/** @param {(answer?: Api.ConnectionAnswer) => unknown} reload */
const checkButton = (reload) =>
  button(texts.checkPermissions, async () => {
    await send("/api/connection/intercom/check");
    await reload();
    say(texts.checked);
  });

/** @param {(answer?: Api.ConnectionAnswer) => unknown} reload */
const disconnectButton = (reload) =>
  button(common.disconnect, async () => {
    if (!(await confirmed(texts.disconnectQuestion, texts.aboutDisconnecting, common.disconnect, "danger"))) return;
    await reload(await send("/api/connection/disconnect", { vendor: "intercom" }));
    say(texts.disconnected);
  }, { className: "danger" });

/**
 * @param {Api.IntercomAnswer} intercom
 * @param {(answer?: Api.ConnectionAnswer) => unknown} reload
 */
function connect(intercom, reload) {
  const wanted = { access_token: "", client_id: intercom.client_id || "", client_secret: "" };
  const keep = (/** @type {keyof typeof wanted} */ name) => (/** @type {string} */ text) => (wanted[name] = text.trim());
  const secretHint = intercom.has_client_secret ? texts.secretIsStored : texts.secretHint;
  const app = [
    field(texts.clientId, input(wanted.client_id, keep("client_id"), { autocomplete: "off", spellcheck: false })),
    field(texts.clientSecret, input("", keep("client_secret"), { type: "password", autocomplete: "new-password" }), { hint: secretHint }),
  ];
  const given = (/** @type {Array<keyof typeof wanted>} */ names) => Object.fromEntries(names.filter((name) => wanted[name]).map((name) => [name, wanted[name]]));
  const allow = button(texts.connectWithIntercom, async () => {
    const { authorization_url: address } = await send("/api/connection/intercom", given(["client_id", "client_secret"]));
    location.assign(address ?? "/");
  }, { className: "first" });
  const paste = button(texts.useTheAccessToken, async () => {
    if (!wanted.access_token) return say(texts.pasteTokenFirst, "bad");
    const { workspace } = await send("/api/connection/intercom", given(["access_token", "client_id", "client_secret"]));
    await reload();
    return say(texts.connectedTo(workspace?.name || workspace?.id || ""));
  });
  const token = field(texts.accessToken, input("", keep("access_token"), { type: "password", autocomplete: "off" }), { hint: texts.tokenHint });
  return make(
    "div",
    {},
    make("p", { className: "soft" }, texts.aboutApp),
    pressedByEnter(make("div", {}, ...app, make("div", { className: "row" }, allow)), allow),
    copyable(texts.redirectUrl, intercom.callback_url),
    pressedByEnter(make("details", {}, make("summary", {}, texts.pasteTokenInstead), token, make("div", { className: "row" }, paste)), paste),
  );
}
