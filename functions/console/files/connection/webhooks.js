// What to copy into Referral Factory's webhook form and Intercom's Developer Hub: to check off, with a light for each.

import { button, card, every, make, say } from "../parts/dom.js";
import { capital } from "../parts/texts/numbers.js";
import { read } from "../parts/api.js";
import { copy, copyable, light } from "./connection_parts.js";

const EVENTS = { joined: "New user joined", qualified: "User qualified", rewarded: "Reward issued" };
/** The events' names in Referral Factory's form. */
const CHOSEN = { joined: "new lead created; in a second webhook, new referrer joins", qualified: "lead qualified", rewarded: "reward issued" };
const FACTORY_STEPS = [
  "Open the campaign in Referral Factory and go to its webhooks.",
  "Add an outbound webhook for each event below: paste the URL, choose the event and the method.",
  "Choose all user sources that you want in Intercom.",
  "Webhook data: at least the user’s id, first name, e-mail and referral link, and the referrer’s first name and e-mail. Without the id the person comes minutes later.",
];
const INTERCOM_STEPS = [
  "Open your app in the Developer Hub, then Configure → Webhooks.",
  "Paste the URL as the endpoint.",
  "Subscribe to each of the topics below.",
  "Paste the uninstall and health check URLs where the app’s settings ask for them: an uninstalled app then stops at once.",
];

/** Whether a signup's webhook came of each campaign that is set up. */
export const hasHeardFactory = ({ referral_factory: { webhooks } }) => {
  const joined = webhooks.filter((hook) => hook.name === "joined");
  return joined.length > 0 && joined.every((hook) => hook.received_at);
};
export const hasHeardIntercom = ({ intercom: { webhooks } }) => webhooks.some((hook) => hook.name.startsWith("contact.") && hook.received_at);

export function factoryHooks(state, names, lights) {
  const hooks = state.referral_factory.webhooks;
  const ids = [...new Set(hooks.map((hook) => hook.campaign_id))];
  const steps = make("ol", {}, ...[...FACTORY_STEPS, `Add a custom header ${state.webhook_secrets.header} with the webhook secret.`].map((text) => make("li", {}, text)));
  const lists = ids.map((id) => campaignHooks(id, names.get(id), hooks.filter((hook) => hook.campaign_id === id), ids.length === 1, lights));
  const none = make("p", { className: "note" }, "Save a campaign’s settings first; its addresses are then here.");
  return card("In Referral Factory", steps, ...(lists.length ? lists : [none]));
}

function campaignHooks(id, name, hooks, isOnly, lights) {
  const title = name || `Campaign ${id}`;
  const count = make("span", { className: "soft" });
  const tell = (state) => {
    const seen = state.referral_factory.webhooks.filter((hook) => hook.campaign_id === id && hook.received_at).length;
    count.textContent = ` ${seen} of ${hooks.length} seen`;
  };
  lights.push(tell);
  tell({ referral_factory: { webhooks: hooks } });
  const all = button("Copy everything for this campaign", () => copy("Everything for this campaign", everythingOf(title, hooks)));
  return make("details", { open: isOnly }, make("summary", {}, make("strong", {}, title), count), make("div", { className: "row" }, all), ...hooks.map((hook) => factoryHook(hook, lights)));
}

/** All webhooks of a campaign as a text to paste, for whoever sets them up. */
function everythingOf(title, hooks) {
  const parts = hooks.map((hook) => [`Event: ${CHOSEN[hook.name] ?? hook.name}`, `URL: ${hook.url}`, `Method: ${hook.method}`, `Custom header: ${hook.header}`, "Header value: the webhook secret (ask whoever made it)"].join("\n"));
  return [`Webhooks of “${title}” in Referral Factory`, ...parts, ...FACTORY_STEPS.slice(2)].join("\n\n");
}

function factoryHook(hook, lights) {
  const find = (state) => state.referral_factory.webhooks.find((each) => each.url === hook.url)?.received_at;
  return make(
    "article",
    { className: "run" },
    make("h3", {}, EVENTS[hook.name] ?? capital(hook.name)),
    CHOSEN[hook.name] ? make("p", { className: "soft" }, `Event in Referral Factory’s form: ${CHOSEN[hook.name]}.`) : null,
    copyable("URL", hook.url),
    copyable("Method", hook.method),
    copyable("Header name", hook.header),
    make("div", { className: "row" }, checkOff(`${hook.campaign_id}/${hook.name}`, "Set up in Referral Factory"), lamp(find, hook.received_at, lights), listen(find)),
  );
}

export function intercomHooks(state, lights) {
  const { intercom } = state;
  const topics = intercom.webhooks.map((hook) => {
    const find = (fresh) => fresh.intercom.webhooks.find((each) => each.name === hook.name)?.received_at;
    return make("li", {}, checkOff(`topic/${hook.name}`, make("code", {}, hook.name)), lamp(find, hook.received_at, lights));
  });
  const newest = (fresh) => Math.max(0, ...fresh.intercom.webhooks.map((hook) => hook.received_at ?? 0));
  return card(
    "In Intercom’s Developer Hub",
    make("ol", {}, ...INTERCOM_STEPS.map((text) => make("li", {}, text))),
    copyable("Endpoint URL", intercom.webhook_url),
    copyable("Uninstall notification URL", `${intercom.webhook_url}/uninstall`),
    copyable("Health check URL", `${intercom.webhook_url}/health`),
    make("h3", { id: "topics" }, "Topics to subscribe to"),
    make("ul", { className: "topics", "aria-labelledby": "topics" }, ...topics),
    make("div", { className: "row" }, button("Copy all topics", () => copy("Topics", intercom.topics.join("\n"))), listen(newest)),
  );
}

const NOTED_ONCE_IN = 60; // seconds in which the application notes the same webhook once
let boxes = 0;

/** A tick of one's own, kept in this browser: what is done over there cannot be seen from here. */
function checkOff(key, label) {
  const name = `checked-${key}`;
  const box = make("input", { type: "checkbox", id: `check-off-${++boxes}`, checked: localStorage.getItem(name) === "yes" });
  box.addEventListener("change", () => (box.checked ? localStorage.setItem(name, "yes") : localStorage.removeItem(name)));
  return make("span", { className: "check-off" }, box, make("label", { htmlFor: box.id }, label));
}

function lamp(find, receivedAt, lights) {
  const place = make("span", { className: "lamp" }, light(receivedAt));
  let shown = receivedAt;
  lights.push((fresh) => {
    const at = find(fresh);
    if (at !== shown) place.replaceChildren(light(at));
    shown = at;
  });
  return place;
}

/** Waits two minutes for the next webhook of that kind and says whether it came. */
function listen(find) {
  const element = button("Test it", async () => {
    const before = find(await read("/api/connection")) ?? 0;
    const age = Math.round(Date.now() / 1000 - before);
    if (age < NOTED_ONCE_IN) return say(`One came ${age} s ago: this webhook works.`);
    say("Waiting two minutes for this webhook. Press “Send test” there, or sign up with a new e-mail address.", "wait");
    const stop = new AbortController();
    const end = Date.now() + 120_000;
    every(stop.signal, 3, async () => {
      const fresh = await read("/api/connection").catch(() => null);
      const now = fresh ? (find(fresh) ?? 0) : 0;
      if (now > before) say("It came: this webhook works.");
      else if (Date.now() > end) say("Nothing came within two minutes. Check the URL, the header and the secret.", "bad");
      if (now > before || Date.now() > end || !element.isConnected) stop.abort();
    });
    return undefined;
  });
  return element;
}
