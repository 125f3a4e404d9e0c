// Intercom: connect by OAuth or with an access token, check, disconnect.

import { sendAgain } from "../activity/acts.js";
import { read, send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { arriving, button, card, link, make, say } from "../parts/dom.js";
import { field, input, pressedByEnter } from "../parts/form.js";
import { badge, moment } from "../parts/words.js";
import { plural } from "../parts/texts/numbers.js";
import { copyable, facts, stopped } from "./connection_parts.js";

export function intercomCard({ intercom }, reload) {
  const { workspace } = intercom;
  const state = badge(intercom.connected ? ["Connected", "good"] : ["Not connected", "quiet"]);
  const rows = [
    ["Workspace", workspace ? `${workspace.name || "Unnamed"} (${workspace.id})` : null],
    ["Region", workspace?.region],
    ["Time zone", workspace?.timezone],
    ["Connected", intercom.connected_at ? make("span", {}, moment(intercom.connected_at), ` by ${intercom.connected_by}`) : null],
    ["Webhook signatures", intercom.has_client_secret ? "Verified with the app’s client secret" : "Client secret is missing: webhooks are refused"],
  ];
  const parts = [make("p", {}, state), intercom.problem && intercom.connected ? make("p", { className: "note bad" }, intercom.problem) : null, stopped(intercom.breaker)];
  if (intercom.connected && intercom.workspace_before) parts.push(arriving("other workspace’s signups", () => leftBehind(intercom, reload)));
  if (intercom.connected) parts.push(facts(rows), permissions(intercom, reload), disconnectRow(reload));
  const more = intercom.connected ? make("details", {}, make("summary", {}, "Connect again or change the credentials"), connect(intercom, reload)) : connect(intercom, reload);
  return card("Intercom", ...parts, more);
}

/** What was delivered to the workspace that was connected before, and the offer to deliver it to this one. */
async function leftBehind({ workspace, workspace_before: before }, reload) {
  const { count, more } = await countElsewhere();
  if (!count) return make("p", { className: "soft" }, `Nothing is left in the workspace ${before.name} that was connected before.`);
  const here = workspace.name || workspace.id;
  const people = `${plural(count, "signup")}${more ? " or more" : ""}`;
  const what = `${people} were delivered to the workspace ${before.name} that was connected before. They are not in ${here}. Each can become a contact here, as if the person had just signed up; test signups too.`;
  const note = make("p", {}, what);
  const again = button("Send them to this workspace", async () => (await sendAgain({ elsewhere: true }, "those who are in the other workspace")) && reload());
  return make("div", { className: "note warn" }, note, make("div", { className: "row" }, again, link("Look at them", "#/activity?show=elsewhere")));
}

async function countElsewhere() {
  let [count, cursor] = [0, ""];
  for (let page = 0; page < 10 && cursor !== null; page += 1) {
    const part = await read("/api/referrals", { elsewhere: true, limit: 100, ...(cursor ? { cursor } : {}) });
    count += part.items.length;
    cursor = part.cursor;
  }
  return { count, more: cursor !== null };
}

function permissions(intercom, reload) {
  const missing = intercom.missing_permissions;
  const words = missing === null || missing === undefined ? "Nobody has looked yet." : missing.length ? `Missing: ${missing.join(", ")}. Tick them in Intercom’s Developer Hub, then connect again.` : "All permissions are there.";
  const check = button("Check permissions", async () => {
    await send("/api/connection/intercom/check");
    await reload();
    say("Checked.");
  });
  return make("div", {}, make("p", { className: missing?.length ? "note warn" : "soft" }, `Permissions: ${words}`), make("div", { className: "row" }, check));
}

function disconnectRow(reload) {
  const text = ["All syncing stops, queued work too. Nothing is deleted: settings and data stay, and connecting again catches up on what was missed."];
  return make(
    "div",
    { className: "row" },
    button("Disconnect", async () => {
      if (!(await confirmed("Disconnect Intercom?", text, "Disconnect", "danger"))) return;
      await reload(await send("/api/connection/disconnect", { vendor: "intercom" }));
      say("Intercom is disconnected.");
    }, { className: "danger" }),
  );
}

function connect(intercom, reload) {
  const wanted = { access_token: "", client_id: intercom.client_id || "", client_secret: "" };
  const keep = (name) => (text) => (wanted[name] = text.trim());
  const secretHint = intercom.has_client_secret ? "One is stored. Leave it empty to keep it." : "From Intercom’s Developer Hub, under Basic information.";
  const app = [
    field("Client ID", input(wanted.client_id, keep("client_id"), { autocomplete: "off", spellcheck: false })),
    field("Client secret", input("", keep("client_secret"), { type: "password", autocomplete: "new-password" }), { hint: secretHint }),
  ];
  const given = (names) => Object.fromEntries(names.filter((name) => wanted[name]).map((name) => [name, wanted[name]]));
  const allow = button("Connect with Intercom", async () => {
    const { authorization_url: address } = await send("/api/connection/intercom", given(["client_id", "client_secret"]));
    location.assign(address);
  }, { className: "first" });
  const paste = button("Use the access token", async () => {
    if (!wanted.access_token) return say("Paste the access token first.", "bad");
    const { workspace } = await send("/api/connection/intercom", given(["access_token", "client_id", "client_secret"]));
    await reload();
    return say(`Connected to ${workspace.name || workspace.id}.`);
  });
  const token = field("Access token", input("", keep("access_token"), { type: "password", autocomplete: "off" }), { hint: "From Configure → Authentication of your app." });
  return make(
    "div",
    {},
    make("p", { className: "soft" }, "The app’s client ID and secret also verify Intercom’s webhooks."),
    pressedByEnter(make("div", {}, ...app, make("div", { className: "row" }, allow)), allow),
    copyable("Redirect URL for the app", intercom.callback_url),
    pressedByEnter(make("details", {}, make("summary", {}, "Paste an access token instead"), token, make("div", { className: "row" }, paste)), paste),
  );
}
