// The shell: sign-in, navigation, and one page at a time.

import { attempt, button, link, make, say, wasSaidNow } from "./parts/dom.js";
import { confirmed } from "./parts/dialog.js";
import { watchHealth } from "./overview/health.js";
import * as signin from "./parts/signin.js";

const main = document.getElementById("main");
const navigation = document.getElementById("navigation");
const PAGES = {
  overview: () => import("./overview/overview.js"),
  health: () => import("./overview/health_page.js"),
  campaigns: () => import("./campaign/campaigns.js"),
  campaign: () => import("./campaign/campaign.js"),
  activity: () => import("./activity/activity.js"),
  referral: () => import("./activity/referral.js"),
  quarantine: () => import("./activity/quarantine.js"),
  syncs: () => import("./sync/syncs.js"),
  connection: () => import("./connection/connection.js"),
  help: () => import("./help/help.js"),
  missing: async () => ({ show: missing }),
};
history.scrollRestoration = "manual"; // a page that comes back says itself where it was
let leaving = new AbortController();
let unsaved = () => false;
let left = () => ""; // what to tell whoever leaves the page that is shown
let moved = () => false; // whether the page that is shown goes to another address by itself
let here = location.hash;
let turns = 0;

/** `#/activity/1/7?state=failed` → the page's name, what follows in the path, and the query. */
function readAddress() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [first, ...rest] = path.split("/").map(decode);
  return { name: rest.includes(null) ? "missing" : nameOf(first, rest), parts: rest, query: Object.fromEntries(new URLSearchParams(query)) };
}

function nameOf(first, rest) {
  if (first === "") return "overview";
  if (first === "campaigns" && rest[0]) return "campaign";
  if (first === "activity" && rest.length === 2) return "referral";
  return Object.hasOwn(PAGES, first) ? first : "missing";
}

/** null for an invalid escape. */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

const missing = () => ({
  title: "There is no such page",
  content: [make("p", { className: "note warn" }, "Nothing is at this address. Perhaps it was typed or copied with a mistake."), make("p", {}, link("Go to the overview", "#/overview"))],
});

function replace(title, ...children) {
  document.title = `${title} · Referrals in Intercom`;
  const heading = make("h1", { tabIndex: -1 }, title);
  main.replaceChildren(heading, ...children.filter(Boolean));
  return heading;
}

function showSignIn(reason = "") {
  leaving.abort();
  unsaved = () => false;
  for (const id of ["person", "navigation", "health"]) document.getElementById(id).hidden = true;
  const enter = button("Sign in", signin.begin, { className: "first" });
  replace(
    "Referrals in Intercom",
    make("p", {}, "Everybody who signs up in your referral campaigns, in Intercom within seconds. Sign in to connect, set up and watch it."),
    ...(reason ? [make("p", { className: "note warn" }, reason)] : []),
    enter,
    make("p", { className: "soft" }, "For signed-in members of the admin group; members of the viewer group may look."),
  );
}

async function show() {
  const session = await signin.ready();
  if (!session) return showSignIn();
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const farewell = left();
  unsaved = () => false;
  moved = () => false;
  left = () => "";
  const turn = ++turns;
  const address = readAddress();
  here = location.hash;
  for (const id of ["person", "navigation"]) document.getElementById(id).hidden = false;
  document.getElementById("person-name").textContent = session.name;
  mark(address.name);
  watchHealth(document.getElementById("health"), signal);
  if (turn > 1 && (farewell || !wasSaidNow())) say(farewell);
  main.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => turn === turns && replace("Loading…"), 400);
  try {
    const page = await (await PAGES[address.name]()).show(address, signal);
    if (turn !== turns) return undefined;
    clearTimeout(slow);
    unsaved = page.unsaved ?? unsaved;
    moved = page.moved ?? moved;
    left = page.left ?? left;
    main.classList.toggle("wide", Boolean(page.wide));
    const heading = replace(page.title, ...page.content);
    scrollTo(0, 0);
    if (turn > 1) heading.focus();
    page.after?.();
  } catch (error) {
    if (!(error instanceof Error) || error.status === 401 || turn !== turns) throw error;
    if (error.status === 403) return void replace("You may not see this", make("p", { className: "note warn" }, `${error.message} Ask whoever runs this application to let you in, then sign in again.`), button("Sign in as somebody else", signin.end));
    replace("This page cannot be shown", make("p", { className: "note warn" }, error.message), button("Try again", show));
  } finally {
    clearTimeout(slow);
    if (turn === turns) main.removeAttribute("aria-busy");
  }
  return undefined;
}

function mark(name) {
  const place = { campaign: "campaigns", referral: "activity", quarantine: "activity", syncs: "activity" }[name] ?? name;
  for (const each of navigation.querySelectorAll("a")) {
    if (each.getAttribute("href") === `#/${place}`) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

document.getElementById("sign-out").addEventListener("click", () => {
  signin.end();
  showSignIn();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("signed-out", () => {
  if (!unsaved()) return showSignIn(left() ? "Your sign-in has ended. Please sign in again: your changes are kept." : "Your sign-in has ended. Please sign in again.");
  return say("Your sign-in has ended. Copy what you need, then reload this page and sign in again.", "bad");
});
addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
addEventListener("hashchange", () =>
  attempt(async () => {
    if (unsaved()) {
      const target = location.hash;
      history.replaceState(null, "", here || "#/");
      if (!(await confirmed("Leave without saving?", "Your changes on this page are not saved.", "Leave", "danger"))) return;
      history.replaceState(null, "", target);
    }
    if (!moved(readAddress())) await show();
  }),
);

attempt(async () => {
  signin.load();
  document.getElementById("foot").textContent = `Version ${signin.version()}`;
  try {
    await signin.complete();
  } catch (error) {
    return showSignIn(error.message);
  }
  if (location.hash && !signin.current() && !(await signin.ready())) return signin.begin(); // a link to a page: on to the sign-in and back
  return show();
});
