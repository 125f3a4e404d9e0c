// The console's pages: the campaigns, and one campaign's settings. Texts are set as text, never as HTML.

import { ApiError, listCampaigns, readCampaign, saveCampaign } from "./api.js";
import * as signin from "./signin.js";

const main = document.getElementById("main");
const status = document.getElementById("status");
const NEW = { status: "draft", person_invited: { action: "none" }, person_referring: { action: "none" }, qualification: null };
let unsaved = false;

/** An element. `properties` are set as properties, texts and elements become its children. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function show(title, ...children) {
  document.title = `${title} · Referrals in Intercom`;
  main.replaceChildren(make("h1", {}, title), ...children);
}

function tell(sentence) {
  status.textContent = sentence;
}

/** Runs `action`; what goes wrong is told in words, and an ended sign-in leads back to the sign-in. */
async function attempt(action) {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof ApiError && error.status === 401 && !unsaved) showSignIn();
    tell(error.message);
  }
}

function showSignIn() {
  document.getElementById("person").hidden = true;
  const button = make("button", { type: "button", className: "first", onclick: () => attempt(signin.begin) }, "Sign in");
  show("Sign in", make("p", {}, "Settings are for signed-in members of the admin group."), button);
}

async function showCampaigns() {
  const campaigns = await listCampaigns();
  const rows = campaigns.map((campaign) =>
    make(
      "tr",
      {},
      make("td", {}, make("a", { href: `#/campaigns/${campaign.campaign_id}` }, campaign.name || `Campaign ${campaign.campaign_id}`)),
      ...[campaign.campaign_id, campaign.status, campaign.version].map((value) => make("td", {}, String(value))),
    ),
  );
  const heads = ["Campaign", "Id", "Status", "Version"].map((text) => make("th", { scope: "col" }, text));
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
  const empty = make("p", {}, "No campaign has settings yet. Its id is in Referral Factory's address of the campaign.");
  show("Campaigns", rows.length ? make("div", { className: "scroll" }, table) : empty, newCampaign());
}

function newCampaign() {
  const input = make("input", { id: "new-id", inputMode: "numeric", required: true, pattern: "[1-9][0-9]{0,11}" });
  const form = make("form", { className: "row" }, make("label", { htmlFor: "new-id" }, "Campaign id"), input);
  form.append(make("button", {}, "Set up"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `#/campaigns/${input.value}`;
  });
  return form;
}

async function showCampaign(id) {
  const { body, etag } = await readCampaign(id).catch((error) => {
    if (error.status !== 404) throw error;
    return { body: { campaign_id: Number(id), name: "", ...NEW }, etag: null };
  });
  edit(id, body, etag);
}

function edit(id, settings, known) {
  let etag = known;
  const version = make("p", {}, etag ? `Version ${etag.replaceAll('"', "")}` : "Not saved yet");
  const remarks = make("div", {});
  const text = make("textarea", { id: "settings", spellcheck: false, value: JSON.stringify(settings, null, 2) });
  text.addEventListener("input", () => (unsaved = true));
  const button = make("button", { type: "submit", className: "first" }, "Save");
  const form = make("form", {}, make("label", { htmlFor: "settings" }, "Settings"), text, make("div", { className: "row" }, button), remarks);

  async function save() {
    button.disabled = true;
    tell("Saving…");
    remarks.replaceChildren();
    try {
      const answer = await saveCampaign(id, text.value, etag);
      etag = answer.etag;
      unsaved = false;
      version.textContent = `Version ${answer.body.version}`;
      tell(`Saved as version ${answer.body.version}.`);
      remarks.append(...listOf("Saved; still to do before it can be active or be relied on", answer.body.warnings, "warn"));
    } catch (error) {
      if (error.status === 412) remarks.append(conflict(error.problem));
      else remarks.append(...listOf("Not saved", error.problem?.errors ?? []));
      throw error;
    } finally {
      button.disabled = false;
    }
  }

  function conflict(problem) {
    const theirs = problem.current;
    if (!theirs) return make("p", {}, "These settings are no longer there.");
    const load = () => {
      unsaved = false;
      edit(id, theirs.document, `"${theirs.version}"`);
    };
    const keep = () => {
      etag = `"${theirs.version}"`;
      return attempt(save);
    };
    return make(
      "div",
      { className: "remarks", role: "alert" },
      make("h2", {}, problem.detail),
      make("button", { type: "button", onclick: load }, `Drop mine, show version ${theirs.version}`),
      " ",
      make("button", { type: "button", onclick: keep }, "Save mine as the next version"),
      make("pre", { className: "scroll" }, JSON.stringify(theirs.document, null, 2)),
    );
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(save);
  });
  show(settings.name || `Campaign ${id}`, make("p", {}, make("a", { href: "#/" }, "All campaigns")), version, form);
}

function listOf(title, problems, kind = "") {
  if (!problems.length) return [];
  const items = problems.map(({ place, message }) => make("li", {}, ...(place ? [make("code", {}, place), " "] : []), message));
  return [make("section", { className: `remarks ${kind}`, role: "alert" }, make("h2", {}, title), make("ul", {}, ...items))];
}

async function route() {
  const session = signin.current();
  if (!session) return showSignIn();
  document.getElementById("person").hidden = false;
  document.getElementById("person-name").textContent = session.name;
  tell("");
  const campaign = /^#\/campaigns\/([1-9]\d{0,11})$/.exec(location.hash);
  await (campaign ? showCampaign(campaign[1]) : showCampaigns());
  main.focus();
}

document.getElementById("sign-out").addEventListener("click", () => {
  unsaved = false;
  signin.end();
  showSignIn();
});
addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
addEventListener("hashchange", () => {
  if (location.hash === "#main" || (unsaved && !confirm("Leave without saving?"))) return;
  unsaved = false;
  attempt(route);
});

attempt(async () => {
  await signin.load();
  await signin.complete();
  await route();
});
