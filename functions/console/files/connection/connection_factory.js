// Referral Factory: API key, warnings and the stop after them, disconnect.

import { send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { button, card, make, say } from "../parts/dom.js";
import { facts, stopped } from "./connection_parts.js";
import { field, input, pressedByEnter } from "../parts/form.js";
import { badge, moment } from "../parts/words.js";
import { plural } from "../parts/texts/numbers.js";

const PATH = "/api/connection/referral-factory";

export function factoryCard({ referral_factory: factory }, reload) {
  const state = badge(factory.connected ? ["Connected", "good"] : ["Not connected", "quiet"]);
  const rows = [["Connected", factory.connected_at ? make("span", {}, moment(factory.connected_at), ` by ${factory.connected_by}`) : null]];
  const parts = [make("p", {}, state), factory.problem && factory.connected ? make("p", { className: "note bad" }, factory.problem) : null, stopped(factory.breaker), strikes(factory.strikes, reload)];
  if (factory.connected) parts.push(facts(rows), disconnectRow(reload));
  const form = keyForm(reload);
  return card("Referral Factory", ...parts, factory.connected ? make("details", {}, make("summary", {}, "Change the API key"), form) : form);
}

function keyForm(reload) {
  let key = "";
  const control = input("", (text) => (key = text.trim()), { type: "password", autocomplete: "off" });
  const connect = button("Connect", async () => {
    if (!key) return say("Paste the API key first.", "bad");
    const { items } = await send(PATH, { api_key: key }, "PUT");
    await reload();
    return say(`Connected. The account has ${plural(items.length, "campaign")}.`);
  }, { className: "first" });
  const hint = "In Referral Factory: Campaign Settings, Integrations and API, tab API & Webhooks, Copy API Key. It needs the Basic plan or a higher one.";
  return pressedByEnter(make("div", {}, field("API key", control, { hint }), make("div", { className: "row" }, connect)), connect);
}

function disconnectRow(reload) {
  const text = "Nothing is read from Referral Factory any more, and no referral is qualified there. Nothing is deleted; connecting again catches up.";
  return make(
    "div",
    { className: "row" },
    button("Disconnect", async () => {
      if (!(await confirmed("Disconnect Referral Factory?", text, "Disconnect", "danger"))) return;
      await reload(await send("/api/connection/disconnect", { vendor: "referral_factory" }));
      say("Referral Factory is disconnected.");
    }, { className: "danger" }),
  );
}

function strikes(found, reload) {
  if (!found.count && !found.stopped) return null;
  const words = found.stopped
    ? `Referral Factory has warned ${plural(found.count, "time")} that too many calls came. All calls to it are stopped: one more warning could block us for days.`
    : `Referral Factory has warned ${plural(found.count, "time")} that too many calls came. The next warning stops all calls.`;
  const lift = async (forget) => {
    await reload(await send(`${PATH}/lift-stop`, { forget }));
    say(forget ? "The warnings are forgotten." : "The stop is lifted.");
  };
  const text = ["Lift it when you know why there were too many calls, for example another tool that uses the same account.", "The warnings themselves stay counted."];
  const stop = button("Lift the stop", async () => (await confirmed("Lift the stop?", text, "Lift it")) && lift(false), { className: "first" });
  const forgetText = "Only if Referral Factory’s support told you that the warnings are cleared on their side too.";
  const forget = button("Forget the warnings", async () => (await confirmed("Forget the warnings?", forgetText, "Forget them")) && lift(true));
  return make("div", { className: `note ${found.stopped ? "bad" : "warn"}` }, make("p", {}, words, " ", found.last_at ? make("span", {}, "Last: ", moment(found.last_at), ".") : null), make("div", { className: "row" }, found.stopped ? stop : null, forget));
}
