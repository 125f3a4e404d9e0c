// Activity: referrals by filter, renewed while it is watched; what waits unread, and replay of all that match.

import { ApiError, read, search, send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { attempt, button, every, link, make, say, table } from "../parts/dom.js";
import { field, input, select } from "../parts/form.js";
import { rightsOf } from "./person_rights.js";
import { saveTable } from "../parts/save_table.js";
import { AUDIENCES, badge, FLAGS, moment, plural, STATE_HELP, STATES } from "../parts/words.js";

const SHOW = [["", "All"], ["attention", "Needs attention"], ...Object.entries(STATES).map(([value, [text]]) => [value, text]), ...Object.entries(FLAGS), ["elsewhere", "In another workspace"]];

export async function show({ query }, signal) {
  const wanted = { show: "", campaign_id: "", audience: "", email: "", reason: "", ...query };
  const campaigns = (await attempt(() => read("/api/campaigns", { limit: 100 })))?.items ?? [];
  const results = make("div", {});
  const body = make("div", {});
  let cursor = null;
  let count = 0;
  let turn = 0;
  let newest = ""; // the first page as it is shown; empty when there is none, or older ones are shown as well

  /** What the API is asked for. */
  function filter() {
    const { show: which, ...others } = wanted;
    const part = ["attention", "elsewhere"].includes(which) ? { [which]: true } : which in FLAGS ? { flag: which } : { state: which };
    return Object.fromEntries(Object.entries({ ...others, ...part }).filter(([, value]) => value !== ""));
  }

  async function start() {
    history.replaceState(null, "", `#/activity${search(wanted)}`);
    results.setAttribute("aria-live", "polite");
    newest = "";
    rights.replaceChildren(...(wanted.email ? rightsOf(wanted.email, start) : []));
    body.replaceChildren(make("p", { className: "soft" }, "Looking…"));
    try {
      await look(null);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 401) throw error;
      body.replaceChildren(make("p", { className: "note warn" }, error.absent ? "This version of the application has no list of referrals yet." : error.message));
    }
  }

  /** Shows what follows `from`; null: the newest ones, in place of what is shown. What was asked before is no longer shown. */
  async function look(from) {
    const mine = ++turn;
    if (from !== null) newest = "";
    const rows = [];
    let next = from;
    do {
      const page = await read("/api/referrals", { ...filter(), limit: 50, cursor: next });
      next = page.cursor;
      rows.push(...page.items);
    } while (next && rows.length < 25 && !signal.aborted);
    if (mine !== turn) return;
    const text = JSON.stringify(rows);
    if (from === null && text === newest) return;
    if (from === null) newest = text;
    cursor = next;
    count = rows.length + (from === null ? 0 : count);
    draw(rows, from === null);
  }

  /** Rows take the place of rows, so that nothing else moves. */
  function draw(rows, fresh) {
    const place = body.querySelector("tbody");
    const made = rows.length ? list(rows) : null;
    if (made && place) {
      const at = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      place[fresh ? "replaceChildren" : "append"](...made.querySelectorAll("tbody > tr"));
      if (fresh && at) [...place.querySelectorAll("a")].find((each) => each.getAttribute("href") === at)?.focus({ preventScroll: true });
    } else if (fresh) body.replaceChildren(made ?? make("p", { className: "note" }, wanted.email ? "Nobody matches. The search takes the whole e-mail address." : Object.keys(filter()).length ? "Nobody matches." : "Nobody has signed up yet. Signups appear here within seconds."));
    if (!cursor) body.querySelector(".more")?.remove();
    else if (!body.querySelector(".more")) body.append(make("div", { className: "more row" }, button("Show more", () => look(cursor))));
    results.textContent = count ? `${plural(count, "referral")} shown${cursor ? ", there are more" : ""}.` : "";
  }

  /** Quietly, and not while somebody reads on, filters or marks a text. */
  async function renew() {
    const marks = !getSelection().isCollapsed && body.contains(getSelection().anchorNode);
    if (!newest || marks || form.contains(document.activeElement)) return;
    results.setAttribute("aria-live", "off");
    await look(null).catch(() => null);
  }

  const set = (name) => (value) => {
    wanted[name] = value.trim();
    attempt(start);
  };
  const email = input(wanted.email, () => {}, { type: "search", autocomplete: "off", placeholder: "The whole address" });
  const form = make(
    "form",
    { className: "filters", role: "search" },
    field("Show", select(wanted.show, SHOW, set("show"))),
    field("Campaign", select(wanted.campaign_id, [["", "All"], ...campaigns.map((one) => [String(one.campaign_id), one.name || `Campaign ${one.campaign_id}`])], set("campaign_id"))),
    field("Who", select(wanted.audience, [["", "Everybody"], ...Object.entries(AUDIENCES)], set("audience"))),
    field("E-mail", email),
    make("button", { type: "submit" }, "Search"),
    wanted.reason ? make("p", { className: "soft" }, "Only with the reason “", wanted.reason, "” ", link("All reasons", "#/activity?show=attention")) : null,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    set("email")(email.value);
  });
  const tools = make("div", { className: "row" }, button("Refresh", start), button("Replay all that match", () => replayAll(filter(), start)), button("Mark all that match as dealt with", () => closeAll(filter(), start)), button("Export as CSV", () => saveTable(`/api/referrals${search(filter())}`, "referrals.csv")), link("Unreadable webhooks", "#/quarantine"), link("Sync runs", "#/syncs"), results);
  const rights = make("div", { className: "row" });
  attempt(start);
  every(signal, 10, renew);
  return { title: "Activity", content: [form, tools, rights, body] };
}

function list(rows) {
  const cells = rows.map((one) => [
    link(one.first_name || one.email || `User ${one.user_id}`, `#/activity/${one.campaign_id}/${one.user_id}`),
    one.email ?? "–",
    AUDIENCES[one.audience],
    make("span", { className: "badges" }, stateBadge(one.state), one.qualified ? badge(["Qualified", "good"]) : null, ...flags(one)),
    why(one),
    moment(one.accepted_at),
  ]);
  return table("Referrals, newest first", ["Person", "E-mail", "Who", "State", "Why", "Signed up"], cells);
}

/** The reason, and for whom a person should look after, what to do. */
function why(one) {
  const [refused] = Object.values(one.refusals);
  const reason = (refused ?? one.reason) || make("span", { className: "soft" }, STATE_HELP[one.state]);
  return one.needs_attention ? make("span", {}, reason, " ", make("strong", {}, "What to do: "), one.what_to_do) : reason;
}

const stateBadge = (state) => badge(STATES[state] ?? [state, "quiet"]);

export function flags(one) {
  const wrong = Object.keys(FLAGS).filter((flag) => one[flag]).map((flag) => FLAGS[flag]);
  const found = Object.keys(one.refusals).length ? [...wrong, "doubt" in one.refusals ? "Perhaps it qualifies" : "Something was refused"] : wrong;
  const badges = found.map((text) => badge([text, one.needs_attention ? "bad" : "quiet"]));
  if (one.in_another_workspace) badges.push(badge(["In another workspace", "warn"]));
  return one.dealt_with ? [...badges, badge(["Dealt with", "quiet"])] : badges;
}

export async function replayAll(filter, done) {
  const text = ["Everybody who matches this filter is delivered to Intercom again, at the vendors’ pace.", "Nobody is created twice, and pressing again does no harm."];
  const sum = await forAll("/api/replays", filter, ["Replay all that match?", text, "Replay them"], ["replayed", "already_waiting"]);
  if (!sum) return undefined;
  await done();
  return say(`${plural(sum.replayed, "referral")} replayed, ${sum.already_waiting} waited already.`);
}

async function closeAll(filter, done) {
  const text = ["They leave “Needs attention”. Nothing is sent, and each one’s story says who marked it.", "What goes wrong with them later shows again."];
  const sum = await forAll("/api/closes", filter, ["Mark all that match as dealt with?", text, "Mark them"], ["closed"]);
  if (!sum) return undefined;
  await done();
  return say(`${plural(sum.closed, "referral")} marked as dealt with.`);
}

/** Asks, then sends until all that match had their turn; the sums of what the answers count, none when somebody thought better of it. */
async function forAll(path, filter, question, counted) {
  if (!(filter.state || filter.flag || filter.attention || filter.reason || filter.email || filter.elsewhere)) {
    say("Choose a state under “Show”, or an e-mail address, first.", "bad");
    return null;
  }
  if (!(await confirmed(...question))) return null;
  const wanted = { ...filter, ...(filter.campaign_id ? { campaign_id: Number(filter.campaign_id) } : {}) };
  const sum = Object.fromEntries(counted.map((name) => [name, 0]));
  let cursor = null;
  do {
    const answer = await send(path, { ...wanted, cursor });
    for (const name of counted) sum[name] += answer[name];
    cursor = answer.cursor;
    say(`${plural(sum[counted[0]], "referral")} so far…`, "wait");
  } while (cursor !== null && cursor !== undefined);
  return sum;
}
