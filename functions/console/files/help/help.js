// Help: the first steps, the guide, what the words mean, and the API as its own description tells it.

import { arriving, card, link, make, table } from "../parts/dom.js";
import { describeApi } from "./help_api.js";
import { readGuide, sectionCard } from "./help_guide.js";
import { SOURCE_GROUPS } from "../campaign/sources.js";
import { SOURCE_GROUP_NAMES, SOURCE_HELP } from "../parts/texts/fields.js";
import { badge } from "../parts/words.js";
import { CAMPAIGN_STATE_HELP, CAMPAIGN_STATES, RUN_STATE_HELP, RUN_STATES, STATE_HELP, STATES } from "../parts/texts/states.js";

/** What to do first, where it is done, and the section of the guide that tells how. */
const STEPS = [
  ["Connect both vendors", "#/connection", "connect"],
  ["Set up the webhooks", "#/connection", "connect"],
  ["Choose who goes to Intercom, and map the fields", "#/campaigns", "who-is-sent-to-intercom"],
  ["Say what makes a referral successful", "#/campaigns", "qualification-optional"],
  ["Give your Intercom contacts referral links", "#/campaigns", "referral-links-for-your-intercom-contacts"],
  ["Activate the campaign", "#/campaigns", "activate"],
  ["Try it", "#/activity", "test-it"],
];
const EXTRAS = [
  ["states", "What the states mean", states],
  ["fields", "What the fields hold", fields],
  ["api", "For developers: the API", () => [arriving("description of the API", describeApi)]],
];

export async function show({ parts }) {
  const guide = await readGuide();
  const steps = STEPS.map(([name, href, section]) => make("li", {}, link(name, href), " · ", link("how", `#/help/${section}`, { "aria-label": `How: ${name}` })));
  const sections = guide.sections.map(sectionCard);
  const extras = EXTRAS.map(([id, title, build]) => withId(card(title, ...build()), id));
  const entries = [...guide.sections.map(({ id, title }) => [id, title]), ...EXTRAS];
  const contents = make("nav", { "aria-label": "Help", className: "contents" }, make("ul", {}, ...entries.map(([id, title]) => make("li", {}, link(title, `#/help/${id}`)))));
  return {
    title: "Help",
    content: [make("div", { className: "columns" }, card("First steps", make("ol", {}, ...steps)), card("On this page", contents)), ...sections, ...extras],
    after: () => goTo(parts[0]),
  };
}

function withId(element, id) {
  element.id = `help-${id}`;
  return element;
}

/** A section that the address names is read first: its heading takes the focus. */
function goTo(id) {
  const heading = id && document.getElementById(`help-${id}`)?.querySelector("h2");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
  heading.scrollIntoView({ block: "start" });
}

function states() {
  const rowsOf = (words, meanings) => Object.entries(words).map(([state, word]) => [badge(word), meanings[state]]);
  return [
    table("States of a referral", ["A referral", "Meaning"], rowsOf(STATES, STATE_HELP)),
    table("States of a campaign", ["A campaign", "Meaning"], rowsOf(CAMPAIGN_STATES, CAMPAIGN_STATE_HELP)),
    table("States of a sync run", ["A sync run", "Meaning"], rowsOf(RUN_STATES, RUN_STATE_HELP)),
  ];
}

function fields() {
  const named = SOURCE_GROUPS.flatMap(({ group, options }) => options.map(([source, name]) => [group, name, make("code", {}, source), SOURCE_HELP[source]]));
  const form = [SOURCE_GROUP_NAMES.form, "As in the form", make("code", {}, "meta.<label>"), SOURCE_HELP["meta."]];
  return [table("What can be mapped", ["Of", "Field", "In settings kept as text", "Holds"], [...named, form])];
}
