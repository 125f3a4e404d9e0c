// Help: the first steps, the guide, what the words mean, and the API as its own description tells it.

import { arriving, card, link, make } from "../parts/dom.js";
import { describeApi } from "./help_api.js";
import { readGuide, sectionCard } from "./help_guide.js";
import { SOURCE_GROUPS } from "../campaign/sources.js";
import { SOURCE_GROUP_NAMES, SOURCE_HELP } from "../parts/texts/fields.js";
import { badge } from "../parts/words.js";
import { CAMPAIGN_STATE_HELP, CAMPAIGN_STATES, RUN_STATE_HELP, RUN_STATES, STATE_HELP, STATES } from "../parts/texts/states.js";
import { help as texts } from "../parts/texts/help.js";
import { html, table } from "../parts/view.js";

/** What to do first, where it is done, and the section of the guide that tells how. */
const STEPS = [
  [texts.connectBoth, "#/connection", "connect"],
  [texts.setUpTheWebhooks, "#/connection", "connect"],
  [texts.chooseAndMap, "#/campaigns", "who-is-sent-to-intercom"],
  [texts.chooseTrigger, "#/campaigns", "qualification-optional"],
  [texts.giveLinks, "#/campaigns", "referral-links-for-your-intercom-contacts"],
  [texts.activateTheCampaign, "#/campaigns", "activate"],
  [texts.tryIt, "#/activity", "test-it"],
];
/** @type {Array<[id: string, title: string, build: () => Child[]]>} */
const EXTRAS = [
  ["states", texts.statesTitle, states],
  ["fields", texts.fieldsTitle, fields],
  ["api", texts.apiTitle, () => [arriving(texts.apiArriving, describeApi)]],
];

/**
 * @param {Address} address
 * @returns {Promise<Page>}
 */
export async function show({ parts }) {
  const guide = await readGuide();
  const steps = STEPS.map(([name, href, section]) => make("li", {}, link(name, href), " · ", link(texts.how, `#/help/${section}`, { "aria-label": texts.howTo(name) })));
  const sections = guide.sections.map(sectionCard);
  const extras = EXTRAS.map(([id, title, build]) => withId(card(title, ...build()), id));
  const entries = [...guide.sections.map(({ id, title }) => [id, title]), ...EXTRAS];
  const contents = make("nav", { "aria-label": texts.title, className: "contents" }, make("ul", {}, ...entries.map(([id, title]) => make("li", {}, link(title, `#/help/${id}`)))));
  return {
    title: texts.title,
    content: [make("div", { className: "columns" }, card(texts.firstSteps, make("ol", {}, ...steps)), card(texts.onThisPage, contents)), ...sections, ...extras],
    after: () => goTo(parts[0]),
  };
}

/**
 * @param {HTMLElement} element
 * @param {string} id
 */
function withId(element, id) {
  element.id = `help-${id}`;
  return element;
}

/**
 * A section that the address names is read first: its heading takes the focus.
 * @param {string | undefined} id
 */
function goTo(id) {
  const heading = id && document.getElementById(`help-${id}`)?.querySelector("h2");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
  heading.scrollIntoView({ block: "start" });
}

function states() {
  const rowsOf = (/** @type {Record<string, Badge>} */ words, /** @type {Record<string, string>} */ meanings) => Object.entries(words).map(([state, word]) => [badge(word), meanings[state]]);
  return [
    table(texts.referralStates, texts.referralStatesColumns, rowsOf(STATES, STATE_HELP)),
    table(texts.campaignStates, texts.campaignStatesColumns, rowsOf(CAMPAIGN_STATES, CAMPAIGN_STATE_HELP)),
    table(texts.runStates, texts.runStatesColumns, rowsOf(RUN_STATES, RUN_STATE_HELP)),
  ];
}

function fields() {
  const named = SOURCE_GROUPS.flatMap(({ group, options }) => options.map(([source, name]) => [group, name, html`<code>${source}</code>`, SOURCE_HELP[source]]));
  const form = [SOURCE_GROUP_NAMES.form, texts.asInTheForm, html`<code>${"meta.<label>"}</code>`, SOURCE_HELP["meta."]];
  return [table(texts.fieldsCaption, texts.fieldsColumns, [...named, form])];
}
