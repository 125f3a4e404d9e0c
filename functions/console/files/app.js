// The shell: sign-in, navigation, and one page at a time.

import { attempt, button, byId, first, kept, link, make, say, wasSaidNow } from "./parts/dom.js";
import { confirmed } from "./parts/dialog.js";
import { watchHealth } from "./overview/health.js";
import * as signin from "./parts/signin.js";
import { common } from "./parts/texts/common.js";
import { app as texts } from "./parts/texts/shell.js";

const main = byId("main");
const navigation = byId("navigation");
/** @type {Record<string, () => Promise<{ show: (address: Address, signal: AbortSignal) => Page | Promise<Page> }>>} */
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
/** @type {() => boolean} */
let unsaved = () => false;
/** @type {() => string} */
let left = () => ""; // what to tell whoever leaves the page that is shown
/** @type {(address: Address) => boolean} */
let moved = () => false; // whether the page that is shown goes to another address by itself
let here = location.hash;
let turns = 0;

/**
 * `#/activity/1/7?state=failed` → the page's name, what follows in the path, and the query.
 * @returns {Address}
 */
function readAddress() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...parts] = path.split("/").map(decode);
  const isWhole = !parts.includes(null);
  return { name: isWhole ? nameOf(name ?? "missing", parts) : "missing", parts: parts.map(String), query: Object.fromEntries(new URLSearchParams(query)) };
}

/**
 * @param {string} first
 * @param {Array<string | null>} rest
 */
function nameOf(first, rest) {
  if (first === "") return "overview";
  if (first === "campaigns" && rest[0]) return "campaign";
  if (first === "activity" && rest.length === 2) return "referral";
  return Object.hasOwn(PAGES, first) ? first : "missing";
}

/**
 * null for an invalid escape.
 * @param {string} part
 */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** @returns {Page} */
const missing = () => ({
  title: texts.noSuchPage,
  content: [make("p", { className: "note warn" }, texts.nothingHere), make("p", {}, link(texts.goToTheOverview, "#/overview"))],
});

/**
 * @param {string} title
 * @param {...Child} children
 */
function replace(title, ...children) {
  document.title = texts.documentTitle(title);
  const heading = make("h1", { tabIndex: -1 }, title);
  main.replaceChildren(heading, ...kept(children));
  return heading;
}

function showSignIn(reason = "") {
  leaving.abort();
  unsaved = () => false;
  for (const id of ["person", "navigation", "health"]) byId(id).hidden = true;
  const enter = button(texts.signIn, signin.begin, { className: "first" });
  replace(
    texts.title,
    make("p", {}, texts.welcome),
    ...(reason ? [make("p", { className: "note warn" }, reason)] : []),
    enter,
    make("p", { className: "soft" }, texts.whoMaySignIn),
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
  for (const id of ["person", "navigation"]) byId(id).hidden = false;
  byId("person-name").textContent = session.name;
  mark(address.name);
  watchHealth(byId("health"), signal);
  if (turn > 1 && (farewell || !wasSaidNow())) say(farewell);
  main.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => turn === turns && replace(common.loading), 400);
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
    if (error.status === 403) return void replace(texts.forbidden, make("p", { className: "note warn" }, texts.askToBeLetIn(error.message)), button(texts.signInAsSomebodyElse, signin.end));
    replace(texts.cannotBeShown, make("p", { className: "note warn" }, error.message), button(common.tryAgain, show));
  } finally {
    clearTimeout(slow);
    if (turn === turns) main.removeAttribute("aria-busy");
  }
  return undefined;
}

/** @param {string} name */
function mark(name) {
  const place = { campaign: "campaigns", referral: "activity", quarantine: "activity", syncs: "activity" }[name] ?? name;
  for (const each of navigation.querySelectorAll("a")) {
    if (each.getAttribute("href") !== `#/${place}`) each.removeAttribute("aria-current");
    else {
      each.setAttribute("aria-current", "page");
      navigation.scrollLeft = each.offsetLeft - navigation.offsetLeft - (navigation.clientWidth - each.offsetWidth) / 2; // on a telephone
    }
  }
}

byId("sign-out").addEventListener("click", () => {
  signin.end();
  showSignIn();
});
first(document, ".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("signed-out", () => {
  if (!unsaved()) return showSignIn(left() ? texts.endedChangesKept : texts.signInHasEnded);
  return say(texts.endedCopyFirst, "bad");
});
addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
addEventListener("hashchange", () =>
  attempt(async () => {
    if (unsaved()) {
      const target = location.hash;
      history.replaceState(null, "", here || "#/");
      if (!(await confirmed(texts.leaveWithoutSaving, texts.notSaved, texts.leave, "danger"))) return;
      history.replaceState(null, "", target);
    }
    if (!moved(readAddress())) await show();
  }),
);

attempt(async () => {
  signin.load();
  byId("foot").textContent = common.version(signin.version());
  try {
    await signin.complete();
  } catch (error) {
    return showSignIn(error instanceof Error ? error.message : "");
  }
  if (location.hash && !signin.current() && !(await signin.ready())) return signin.begin(); // a link to a page: on to the sign-in and back
  return show();
});
