// The secret of Referral Factory's webhooks: make the next one, put it there, then switch over.

import { send } from "../parts/api.js";
import { ask, confirmed } from "../parts/dialog.js";
import { copyable } from "./connection_parts.js";
import { button, card, make, say } from "../parts/dom.js";
import { badge } from "../parts/words.js";

const PATH = "/api/connection/webhook-secrets";

export function secretsCard({ webhook_secrets: secrets }, reload) {
  const rotate = async (action, sure = false) => {
    const made = await send(PATH, { action, sure });
    if (made.next) await showOnce(made.next, secrets.header);
    await reload();
  };
  const make_next = button(secrets.has_current ? "Make a new secret" : "Make the secret", () => rotate("make_next"), { className: secrets.has_current ? "" : "first", disabled: secrets.has_next });
  const promote = button("The new one is in Referral Factory: switch over", async () => {
    const text = "Within five minutes webhooks with the old secret are refused. Do it once every webhook in Referral Factory has the new one.";
    if (!(await confirmed("Switch over?", text, "Switch over"))) return;
    try {
      await rotate("promote");
    } catch (error) {
      if (error.status !== 409) throw error;
      const doubt = "Webhooks with the old secret would be refused, and signups found minutes later only. Send a test webhook with the new one first, or switch over all the same.";
      if (!(await confirmed(error.message, doubt, "Switch over all the same", "danger"))) return;
      await rotate("promote", true);
    }
    say("Switched over: within five minutes only the new secret counts.");
  }, { className: "first" });
  const drop = button("Drop the new one", async () => {
    const text = "Webhooks that already have the new secret are refused from then on. The old secret stays.";
    if (await confirmed("Drop the new secret?", text, "Drop it", "danger")) await rotate("drop_next");
  });
  return card(
    "Webhook secret",
    make("p", {}, badge(secrets.has_current ? ["A secret is set", "good"] : ["No secret yet", "bad"]), " ", secrets.has_next ? badge(["A new one waits", "wait"]) : null),
    make("p", { className: "soft" }, `Referral Factory sends it in the header ${secrets.header}, so that no stranger’s webhook gets in. While a new one waits, both are taken.`),
    make("div", { className: "row" }, make_next, ...(secrets.has_next ? [promote, drop] : [])),
  );
}

function showOnce(secret, header) {
  const content = [
    make("p", {}, "Copy it now: it is not shown again. Put it into the custom header of each webhook in Referral Factory."),
    copyable("Header name", header),
    copyable("Header value", secret),
  ];
  return ask("The new webhook secret", content, [["I have copied it", true, "first"]]);
}
