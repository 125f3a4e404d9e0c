// What to copy into Referral Factory's webhook form and Intercom's Developer Hub, with a light for each.

import { button, capital, card, every, make, say, table } from "../parts/dom.js";
import { read } from "../parts/api.js";
import { copyable, light } from "./connection_parts.js";

const EVENTS = { joined: "New user joined", qualified: "User qualified", rewarded: "Reward issued" };
/** The events' names in Referral Factory's form. */
const CHOSEN = { joined: "new lead created; in a second webhook, new referrer joins", qualified: "lead qualified", rewarded: "reward issued" };
const FACTORY_STEPS = [
  "Open the campaign in Referral Factory and go to its webhooks.",
  "Add an outbound webhook for each event below: paste the URL, choose the event and the method.",
  "Choose all user sources that you want in Intercom.",
  "Webhook data: at least the user’s id, first name, e-mail and referral link, and the referrer’s first name and e-mail. Without the id the person comes minutes later.",
];

export function factoryHooks(state, lights) {
  const hooks = state.referral_factory.webhooks;
  const ids = [...new Set(hooks.map((hook) => hook.campaign_id))];
  const steps = make("ol", {}, ...[...FACTORY_STEPS, `Add a custom header ${state.webhook_secrets.header} with the webhook secret.`].map((text) => make("li", {}, text)));
  const lists = ids.map((id) => make("details", { open: ids.length === 1 }, make("summary", {}, `Campaign ${id}`), ...hooks.filter((hook) => hook.campaign_id === id).map((hook) => factoryHook(hook, lights))));
  const none = make("p", { className: "note" }, "Save a campaign’s settings first; its addresses are then here.");
  return card("In Referral Factory", steps, ...(lists.length ? lists : [none]));
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
    make("div", { className: "row" }, lamp(find, hook.received_at, lights), listen(find)),
  );
}

export function intercomHooks(state, lights) {
  const { intercom } = state;
  const rows = intercom.webhooks.map((hook) => {
    const find = (fresh) => fresh.intercom.webhooks.find((each) => each.name === hook.name)?.received_at;
    return [make("code", {}, hook.name), lamp(find, hook.received_at, lights)];
  });
  const newest = (fresh) => Math.max(0, ...fresh.intercom.webhooks.map((hook) => hook.received_at ?? 0));
  return card(
    "In Intercom’s Developer Hub",
    make("ol", {}, ...["Open your app in the Developer Hub, then Configure → Webhooks.", "Paste the URL as the endpoint.", "Subscribe to each of the topics.", "Paste the uninstall and health check URLs where the app’s settings ask for them: an uninstalled app then stops at once."].map((text) => make("li", {}, text))),
    copyable("Endpoint URL", intercom.webhook_url),
    copyable("Topics", intercom.topics.join(", ")),
    copyable("Uninstall notification URL", `${intercom.webhook_url}/uninstall`),
    copyable("Health check URL", `${intercom.webhook_url}/health`),
    table("Topics and when each last came", ["Topic", "Last received"], rows),
    make("div", { className: "row" }, listen(newest)),
  );
}

function lamp(find, receivedAt, lights) {
  const place = make("span", { className: "lamp" }, light(receivedAt));
  lights.push((fresh) => place.replaceChildren(light(find(fresh))));
  return place;
}

/** Waits two minutes for the next webhook of that kind and says whether it came. */
function listen(find) {
  const element = button("Test it", async () => {
    const before = find(await read("/api/connection")) ?? 0;
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
  });
  return element;
}
