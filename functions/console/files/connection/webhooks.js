// What to copy into Referral Factory's webhook form and Intercom's Developer Hub: to check off, with a light for each.

import { button, card, every, make, say } from "../parts/dom.js";
import { capital } from "../parts/texts/numbers.js";
import { read } from "../parts/api.js";
import { copy, copyable, light } from "./connection_parts.js";
import { common } from "../parts/texts/common.js";
import { webhooks as texts } from "../parts/texts/connection.js";
import { render } from "../parts/view.js";


/**
 * Whether a signup's webhook came of each campaign that is set up.
 * @param {Api.ConnectionAnswer} state
 */
export const hasHeardFactory = ({ referral_factory: { webhooks } }) => {
  const joined = webhooks.filter((hook) => hook.name === "joined");
  return joined.length > 0 && joined.every((hook) => hook.received_at);
};
/** @param {Api.ConnectionAnswer} state */
export const hasHeardIntercom = ({ intercom: { webhooks } }) => webhooks.some((hook) => hook.name.startsWith("contact.") && hook.received_at);

/**
 * @param {Api.ConnectionAnswer} state
 * @param {Map<number, string>} names
 * @param {Array<(state: Api.ConnectionAnswer) => void>} lights
 */
export function factoryHooks(state, names, lights) {
  const hooks = state.referral_factory.webhooks;
  const ids = [...new Set(hooks.map((hook) => Number(hook.campaign_id)))];
  const steps = make("ol", {}, ...[...texts.factorySteps, texts.headerStep(state.webhook_secrets.header)].map((text) => make("li", {}, text)));
  const lists = ids.map((id) => campaignHooks(id, names.get(id), hooks.filter((hook) => hook.campaign_id === id), ids.length === 1, lights));
  const none = make("p", { className: "note" }, texts.saveFirst);
  return card(texts.inReferralFactory, steps, ...(lists.length ? lists : [none]));
}

/**
 * @param {number} id
 * @param {string | undefined} name
 * @param {Api.WebhookAnswer[]} hooks
 * @param {boolean} isOnly
 * @param {Array<(state: Api.ConnectionAnswer) => void>} lights
 */
function campaignHooks(id, name, hooks, isOnly, lights) {
  const title = name || common.campaignNamed(id);
  const count = make("span", { className: "soft" });
  const tell = (/** @type {{ referral_factory: { webhooks: Api.WebhookAnswer[] } }} */ state) => {
    const seen = state.referral_factory.webhooks.filter((hook) => hook.campaign_id === id && hook.received_at).length;
    count.textContent = texts.seen(seen, hooks.length);
  };
  lights.push(tell);
  tell({ referral_factory: { webhooks: hooks } });
  const all = button(texts.copyEverything, () => copy(texts.everything, everythingOf(title, hooks)));
  return make("details", { open: isOnly }, make("summary", {}, make("strong", {}, title), count), make("div", { className: "row" }, all), ...hooks.map((hook) => factoryHook(hook, lights)));
}

/**
 * All webhooks of a campaign as a text to paste, for whoever sets them up.
 * @param {string} title
 * @param {Api.WebhookAnswer[]} hooks
 */
function everythingOf(title, hooks) {
  const parts = hooks.map((hook) => [texts.eventLine(texts.chosen[hook.name] ?? hook.name), texts.urlLine(hook.url), texts.methodLine(hook.method), texts.headerLine(hook.header), texts.secretLine].join("\n"));
  return [texts.everythingTitle(title), ...parts, ...texts.factorySteps.slice(2)].join("\n\n");
}

/**
 * @param {Api.WebhookAnswer} hook
 * @param {Array<(state: Api.ConnectionAnswer) => void>} lights
 */
function factoryHook(hook, lights) {
  const find = (/** @type {Api.ConnectionAnswer} */ state) => state.referral_factory.webhooks.find((each) => each.url === hook.url)?.received_at;
  return make(
    "article",
    { className: "run" },
    make("h3", {}, texts.events[hook.name] ?? capital(hook.name)),
    texts.chosen[hook.name] ? make("p", { className: "soft" }, texts.eventInForm(texts.chosen[hook.name])) : null,
    copyable(texts.url, hook.url),
    copyable(texts.method, hook.method),
    copyable(common.headerName, hook.header ?? ""),
    make("div", { className: "row" }, checkOff(`${hook.campaign_id}/${hook.name}`, texts.setUpInReferralFactory), lamp(find, hook.received_at, lights), listen(find)),
  );
}

/**
 * @param {Api.ConnectionAnswer} state
 * @param {Array<(state: Api.ConnectionAnswer) => void>} lights
 */
export function intercomHooks(state, lights) {
  const { intercom } = state;
  const topics = intercom.webhooks.map((hook) => {
    const find = (/** @type {Api.ConnectionAnswer} */ fresh) => fresh.intercom.webhooks.find((each) => each.name === hook.name)?.received_at;
    return make("li", {}, checkOff(`topic/${hook.name}`, make("code", {}, hook.name)), lamp(find, hook.received_at, lights));
  });
  const newest = (/** @type {Api.ConnectionAnswer} */ fresh) => Math.max(0, ...fresh.intercom.webhooks.map((hook) => hook.received_at ?? 0));
  return card(
    texts.inIntercomsDeveloperHub,
    make("ol", {}, ...texts.intercomSteps.map((text) => make("li", {}, text))),
    copyable(texts.endpointUrl, intercom.webhook_url),
    copyable(texts.uninstallUrl, `${intercom.webhook_url}/uninstall`),
    copyable(texts.healthUrl, `${intercom.webhook_url}/health`),
    make("h3", { id: "topics" }, texts.topicsTitle),
    make("ul", { className: "topics", "aria-labelledby": "topics" }, ...topics),
    make("div", { className: "row" }, button(texts.copyAllTopics, () => copy(texts.topics, intercom.topics.join("\n"))), listen(newest)),
  );
}

const NOTED_ONCE_IN = 60; // seconds in which the application notes the same webhook once
let boxes = 0;

/**
 * A tick of one's own, kept in this browser: what is done over there cannot be seen from here.
 * @param {string} key
 * @param {string | HTMLElement} label
 */
function checkOff(key, label) {
  const name = `checked-${key}`;
  const box = make("input", { type: "checkbox", id: `check-off-${++boxes}`, checked: localStorage.getItem(name) === "yes" });
  box.addEventListener("change", () => (box.checked ? localStorage.setItem(name, "yes") : localStorage.removeItem(name)));
  return make("span", { className: "check-off" }, box, make("label", { htmlFor: box.id }, label));
}

/**
 * @param {(state: Api.ConnectionAnswer) => number | null | undefined} find
 * @param {number | null | undefined} receivedAt
 * @param {Array<(state: Api.ConnectionAnswer) => void>} lights
 */
function lamp(find, receivedAt, lights) {
  const place = make("span", { className: "lamp" });
  render(light(receivedAt), place);
  lights.push((fresh) => render(light(find(fresh)), place));
  return place;
}

/**
 * Waits two minutes for the next webhook of that kind and says whether it came.
 * @param {(state: Api.ConnectionAnswer) => number | null | undefined} find
 */
function listen(find) {
  const element = button(texts.testIt, async () => {
    const before = find(await read("/api/connection")) ?? 0;
    const age = Math.round(Date.now() / 1000 - before);
    if (age < NOTED_ONCE_IN) return say(texts.oneCame(age));
    say(texts.waiting, "wait");
    const stop = new AbortController();
    const end = Date.now() + 120_000;
    every(stop.signal, 3, async () => {
      const fresh = await read("/api/connection").catch(() => null);
      const now = fresh ? (find(fresh) ?? 0) : 0;
      if (now > before) say(texts.itCame);
      else if (Date.now() > end) say(texts.nothingCame, "bad");
      if (now > before || Date.now() > end || !element.isConnected) stop.abort();
    });
    return undefined;
  });
  return element;
}
