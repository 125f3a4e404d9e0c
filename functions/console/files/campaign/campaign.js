// One campaign: tabs, saving, and its state.

import { read, saveCampaign, send } from "../parts/api.js";
import { audienceTab } from "./audience.js";
import { confirmed } from "../parts/dialog.js";
import { resolveConflict } from "../drafts/conflict.js";
import { draftOf, dropDraft, keepDraft } from "../drafts/drafts.js";
import { button, first, kept, link, make, say } from "../parts/dom.js";
import { proofDetails } from "../overview/completeness.js";
import { campaignHealth, forgetHealth, levelBadge } from "../overview/health.js";
import { clearRemarks, field, input, placeRemarks, replaceRemarks } from "../parts/form.js";
import { moreTab } from "../parts/more.js";
import { qualificationTab } from "./qualification.js";
import { rewardsTab } from "./rewards.js";
import { complete, loadModel } from "./settings_model.js";
import { CHECKED, findMissing } from "./checks.js";
import { effectsOf } from "./effects.js";
import { missingBar } from "./suggest.js";
import { syncTab } from "../sync/sync_settings.js";
import { tabs } from "../parts/tabs.js";
import { tryItNow } from "../trial/try_it.js";
import { versionsTab } from "./versions.js";
import { badge, moment } from "../parts/words.js";
import { CAMPAIGN_STATE_HELP, CAMPAIGN_STATES, NOT_KNOWN } from "../parts/texts/states.js";
import { common } from "../parts/texts/common.js";
import { campaign as texts } from "../parts/texts/campaign.js";

/**
 * The section of the help that tells about a tab.
 * @type {Record<string, string>}
 */
const HELP = {
  invited: "who-is-sent-to-intercom",
  referring: "who-is-sent-to-intercom",
  qualification: "qualification-optional",
  rewards: "rewards",
  sync: "referral-links-for-your-intercom-contacts",
  more: "activate",
  versions: "activate",
};
/** @type {Array<[key: string, title: string, build: (model: Model, takeOver: (document: Settings, etag?: string) => void) => Child]>} */
const TABS = [
  ["invited", texts.personInvited, (model) => audienceTab(model, "person_invited")],
  ["referring", texts.personReferring, (model) => audienceTab(model, "person_referring")],
  ["qualification", texts.qualification, qualificationTab],
  ["rewards", texts.rewards, rewardsTab],
  ["sync", texts.sync, syncTab],
  ["more", texts.more, moreTab],
  ["versions", texts.versions, versionsTab],
];

/**
 * @param {Address} address
 * @returns {Promise<Page>}
 */
export async function show({ parts }) {
  const id = Number(parts[0]);
  if (!Number.isSafeInteger(id) || id < 1) throw new Error(texts.idIsANumber);
  const [model, health] = await Promise.all([loadModel(id), campaignHealth()]);
  model.health = health.get(id);
  const page = make("div", { className: "campaign" });
  if (model.isUnknown) {
    const words = texts.noSuchCampaign(id);
    return { title: common.campaignNamed(id), content: [make("p", { className: "note warn" }, words), make("p", {}, link(texts.chooseAnother, "#/campaigns"))] };
  }
  const draft = draftOf(id);
  if (draft) await takeUp(model, draft);
  render(page, model, parts[1]);
  return { title: model.settings.name || common.campaignNamed(id), content: [page], unsaved: () => model.isEdited && !keepDraft(model), left: () => (model.isEdited ? texts.changesAreKept : ""), wide: true };
}

/**
 * What was changed here before, over what is saved now.
 * @param {Model} model
 * @param {Draft} draft
 */
async function takeUp(model, draft) {
  model.draftAt = draft.at;
  if (draft.etag === model.etag) {
    model.settings = complete(draft.settings);
    return;
  }
  const current = model.isNew ? null : { version: model.version, document: model.before() };
  const resolved = await resolveConflict(current, JSON.parse(draft.before), draft.settings);
  if (resolved) model.settings = complete(resolved.settings);
  if (!resolved || !model.isEdited) {
    model.draftAt = null;
    dropDraft(model.id);
  }
}

/**
 * Draws the whole page again, for example after another version was taken over.
 * @param {CampaignPage} page
 * @param {Model} model
 * @param {string | undefined} tab
 */
function render(page, model, tab) {
  model.watchers = [];
  model.attributeWatchers = [];
  const summary = make("div", { className: "summary" });
  const name = field(texts.nameOfTheCampaign, input(model.settings.name, (text) => {
    model.settings.name = text;
    model.changed();
  }), { place: "name" });
  const state = make("div", { className: "row state" });
  const help = link(texts.helpWithThisTab, "#/help");
  const panels = tabs(TABS.map(([key, title, build]) => [key, title, () => build(model, (document) => takeOver(document)), key === "versions"]), tab, (key) => {
    history.replaceState(null, "", `#/campaigns/${model.id}/${key}`);
    help.href = `#/help/${HELP[key]}`;
  }, "more");
  const said = make("span", {});
  const choices = make("span", { className: "row" });
  const bar = make("div", { className: "savebar" }, said, choices);
  page.replaceChildren(...kept([make("p", { className: "row crumbs" }, link(texts.allCampaigns, "#/campaigns"), help, model.isNew ? null : button(common.tryItNow, () => tryItNow(model))), make("div", { className: "card head" }, name, state, model.isNew ? null : proofDetails(model.health?.completeness)), draftBar(), missingBar(model), summary, panels.element, bar]));
  model.element = page;

  /** Says since when there are changes that nobody saved, and takes them back. */
  function draftBar() {
    const place = make("div", {});
    if (!model.draftAt) return place;
    const drop = button(texts.takeThemBack, () => {
      model.settings = model.before();
      model.draftAt = null;
      dropDraft(model.id);
      render(page, model, panels.current());
      say(model.isNew ? texts.itIsBlankAgain : texts.asSavedInVersion(model.version));
    });
    place.append(make("div", { className: "note row" }, make("span", {}, texts.yourChangesOf, moment(model.draftAt), texts.areHere), drop));
    return place;
  }

  function tell() {
    keepDraft(model);
    const { status } = model.settings;
    const { health } = model;
    const broken = status === "active" && health && !["good", "wait"].includes(health.level) ? { badge: levelBadge(health.level), sentence: health.sentence } : null;
    const shown = status === "active" && !health ? NOT_KNOWN : (broken ?? { badge: CAMPAIGN_STATES[status], sentence: CAMPAIGN_STATE_HELP[status] });
    state.replaceChildren(...kept([badge(shown.badge), make("span", { className: "soft" }, shown.sentence)]));
    const words = model.isNew ? texts.notSavedYet : model.isChanged ? texts.youHaveUnsavedChanges : texts.savedAsVersion(model.version);
    const missing = findMissing(model.settings);
    const open = missing.length ? texts.stillToFillIn(missing.length) : "";
    said.textContent = words + open;
    bar.classList.toggle("unsaved", model.isChanged);
    choices.replaceChildren(...buttons(status));
    queueMicrotask(() => mark(missing)); // whoever changed something draws it again first
  }

  /**
   * Each thing that is still to fill in, at its place and behind its tab's title.
   * @param {Remark[]} missing
   */
  function mark(missing) {
    replaceRemarks(page, CHECKED, missing);
    panels.count();
  }

  /** @param {Settings["status"]} status */
  function buttons(status) {
    const save = button(texts.save, () => saveAs(status), { className: status === "active" || model.isNew ? "first" : "" });
    if (status === "active") return [button(texts.pause, pause), save];
    return [save, button(status === "paused" ? texts.activateAgain : texts.activate, activate, { className: model.isNew ? "" : "first" })];
  }

  /** First what will happen; nothing to be done is no reason to be active. */
  async function activate() {
    if (findMissing(model.settings).length) return saveAs("active"); // which says what is missing, each at its place
    const effects = await effectsOf(model.settings);
    if (!effects.length) return say(texts.nobodyWouldBeSent, "bad");
    if (await confirmed(texts.activateQuestion, [...effects, texts.keptSignupsGo], texts.activateIt)) await saveAs("active");
    return undefined;
  }

  async function pause() {
    if (await confirmed(texts.pauseQuestion, texts.newSignupsAreKept, texts.pauseIt)) await saveAs("paused");
  }

  /** @param {Settings["status"]} status */
  async function saveAs(status) {
    clearRemarks(page);
    summary.replaceChildren();
    const document = { ...model.document(), status };
    const before = model.before();
    const onPage = model.pagePlaces();
    try {
      const { body, etag } = await saveCampaign(model.id, document, model.etag);
      model.keep(body.document, etag);
      model.draftAt = null;
      forgetHealth();
      model.health = (await campaignHealth()).get(model.id);
      render(page, model, panels.current());
      first(/** @type {HTMLElement} */ (page.closest("main")), "h1").textContent = model.settings.name;
      page.querySelector(".savebar .first")?.focus({ preventScroll: true });
      page.showRemarks?.(body.warnings, "warn");
      say(texts.savedAs(body.version, status === "active"));
      if (status === "active") await offerMissed(model.id, before, model.settings);
    } catch (/** @type {any} */ error) {
      if (error.status === 412) return conflict(error.problem, status);
      if (error.status !== 422) throw error;
      page.showRemarks?.(onPage(error.problem.errors ?? []), "problem");
      return say(texts.notSaved, "bad");
    }
    return undefined;
  }

  /**
   * @param {Problem} problem
   * @param {Settings["status"]} status
   */
  async function conflict({ current }, status) {
    const resolved = await resolveConflict(current, model.before(), model.document());
    if (!resolved) return;
    if (current) model.keep(current.document, `"${current.version}"`);
    else model.etag = null;
    model.settings = complete({ ...resolved.settings, campaign_id: model.id });
    render(page, model, panels.current());
    if (resolved.save) await page.save?.(status);
    else say(texts.bothAreHere);
  }

  /**
   * Shows another document; with an `etag` it counts as saved.
   * @param {Settings} document
   * @param {string} [etag]
   */
  function takeOver(document, etag) {
    if (etag) model.keep(document, etag);
    else model.settings = Object.assign(structuredClone(document), { campaign_id: model.id, status: model.settings.status });
    render(page, model, etag ? panels.current() : "invited");
  }

  page.save = saveAs;
  page.showRemarks = (remarks, kind) => {
    clearRemarks(page);
    const placed = placeRemarks(page, remarks, kind);
    panels.count();
    if (!remarks.length) return;
    const items = placed.map(([remark, element]) => make("li", {}, element ? button(remark.message, () => panels.reveal(element), { className: "as-link" }) : remark.message));
    const title = kind === "warn" ? texts.savedWithRemarks : texts.notSavedRemarks;
    summary.replaceChildren(make("section", { className: `remarks ${kind}`, role: "alert" }, make("h2", {}, title), make("ul", {}, ...items)));
    summary.scrollIntoView({ block: "nearest" });
  };

  model.onChange(tell);
  tell();
}


/**
 * Who signed up while such people were not sent: a person may want them in Intercom as well.
 * @param {number} id
 * @param {Settings} before
 * @param {Settings} after
 */
async function offerMissed(id, before, after) {
  for (const audience of /** @type {const} */ (["person_invited", "person_referring"])) {
    if (before[audience].action !== "none" || after[audience].action === "none") continue;
    const filter = { campaign_id: id, audience, state: "not_wanted" };
    const { items, cursor } = await read("/api/referrals", { ...filter, limit: 100 });
    if (!items.length) continue;
    if (await confirmed(texts.missedQuestion, texts.missedText(items.length, cursor !== null, texts.missed[audience]), texts.sendThem)) await sendAll(filter);
  }
}

/** @param {object} filter */
async function sendAll(filter) {
  /** @type {string | null} */
  let cursor = null;
  let sent = 0;
  do {
    /** @type {Api.ReplaysAnswer} */
    const answer = await send("/api/replays", { ...filter, cursor });
    sent += answer.replayed;
    cursor = answer.cursor;
  } while (cursor !== null && cursor !== undefined);
  say(texts.onTheWay(sent));
}
