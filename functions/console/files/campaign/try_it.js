// Try it now: an address to sign up with, and the person's way, watched step by step.

import { read, send } from "../parts/api.js";
import { copyable } from "../connection/connection_parts.js";
import { ask, confirmed } from "../parts/dialog.js";
import { button, every, link, make, say } from "../parts/dom.js";
import { current } from "../parts/signin.js";

const ARRIVED = { delivered: "The contact is in Intercom with all mapped values.", partial: "The contact is in Intercom, but some values were left out.", skipped: "Intercom had the contact before, and your settings leave it as it is." };
const SECONDS = 3;

/** Opens the dialog; `campaign` as Referral Factory's list has it. */
export async function tryItNow(campaign, isActive) {
  const email = proposed();
  const steps = make("ol", { className: "checklist" });
  const stop = new AbortController();
  let found = null;

  function show() {
    const state = found?.state;
    const arrived = ARRIVED[state];
    const waits = found && !arrived ? found.reason || "It goes to Intercom within seconds." : "";
    const rows = [
      [Boolean(found), "You sign up on the campaign’s page", found ? "Referral Factory reported it." : "In a private window, for Referral Factory remembers you by a cookie. This page waits."],
      [Boolean(arrived), "The person is in Intercom", arrived ?? waits],
    ];
    const contact = found?.contact_url ? link("Open the contact in Intercom", found.contact_url, { target: "_blank", rel: "noreferrer" }) : null;
    steps.replaceChildren(...rows.map(([done, what, words]) => make("li", { className: done ? "done" : "" }, make("span", { className: "tick", "aria-hidden": "true" }, done ? "✓" : ""), make("div", {}, make("span", { className: "unseen" }, done ? "Done: " : "To do: "), make("strong", {}, what), make("div", { className: "soft" }, words)))), ...(contact ? [make("li", {}, contact)] : []));
  }

  async function look() {
    const { items } = await read("/api/referrals", { email, campaign_id: campaign?.id }).catch(() => ({ items: [] }));
    const before = JSON.stringify(found);
    found = items[0] ?? null;
    if (JSON.stringify(found) !== before) show();
  }

  const back = button("Take it back", async () => {
    const text = ["Everything stored here about the test person is deleted.", "The contact in Intercom and the user in Referral Factory stay: delete them there, by the links."];
    if (!(await confirmed("Take the test person back?", text, "Take it back", "danger"))) return;
    say((await send("/api/people/erase", { email })).message);
  });
  show();
  every(stop.signal, SECONDS, look);
  const open = campaign?.url ? make("p", {}, link("Open the campaign’s page", campaign.url, { target: "_blank", rel: "noreferrer", className: "as-button" })) : null;
  const content = [
    isActive ? null : make("p", { className: "note warn" }, "The campaign is not active, so the person is kept here and goes to Intercom once it is."),
    open,
    copyable("Address to sign up with", email),
    steps,
    make("div", { className: "row" }, back),
  ].filter(Boolean);
  await ask("Try it now", content, [["Close", null]]);
  stop.abort();
}

/** One's own address with a plus, so that the test's mail arrives and nobody else is met. */
function proposed() {
  const own = current()?.email || "you@example.com";
  const [name, host] = own.split("@");
  return `${name.split("+")[0]}+test${new Date().toISOString().slice(2, 16).replaceAll(/\D/g, "")}@${host}`;
}
