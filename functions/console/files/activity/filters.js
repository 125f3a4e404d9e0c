// What Activity is narrowed to: in the address, in the form, and as the API is asked.

import { search } from "../parts/api.js";
import { field, input, select } from "../parts/form.js";
import { make } from "../parts/dom.js";
import { AUDIENCES, FLAGS, STATES } from "../parts/texts/states.js";
import { common } from "../parts/texts/common.js";
import { filters as texts } from "../parts/texts/activity.js";

/** The parts of the list, as a person thinks of them. */
export const GROUPS = [
  ["", texts.all],
  ["attention", texts.needsAttention],
  ["waiting", texts.onItsWay],
  ["done", common.inIntercom],
  ["quiet", texts.notSent],
  ["closed", common.dealtWith],
];
/** @type {Array<keyof Filter>} */
const NAMES = ["group", "converted", "show", "campaign_id", "audience", "text", "from", "to", "zone", "reason"];
const EXACTLY = [["", texts.any], ["converted", common.converted], ["elsewhere", texts.inAnotherIntercomWorkspace], ...Object.entries(STATES).map(([value, [text]]) => [value, text]), ...Object.entries(FLAGS)];
const WHOLE_ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * The filter that an address names; `show=attention` is what links of earlier versions say.
 * @param {Record<string, string>} query
 * @returns {Filter}
 */
export function filterOf(query) {
  const wanted = /** @type {Filter} */ (Object.fromEntries(NAMES.map((name) => [name, query[name] ?? ""])));
  if (query.email) wanted.text = query.email;
  if (wanted.show === "attention") Object.assign(wanted, { show: "", group: "attention" });
  if (!GROUPS.some(([group]) => group === wanted.group)) wanted.group = "";
  for (const name of /** @type {Array<keyof Filter>} */ (["from", "to"])) if (!DAY.test(wanted[name])) wanted[name] = "";
  if (!isElsewhere(wanted.zone)) wanted.zone = "";
  return wanted;
}

/**
 * @param {Filter} wanted
 * @param {string} [open]
 */
export const addressOf = (wanted, open = "") => `#/activity${search({ ...wanted, open })}`;

/**
 * Whether it names somebody, so that acting on all that match is no act on everybody.
 * @param {Filter} filter
 */
export const isNarrow = ({ group, converted, show, text, reason }) => Boolean(group || converted || show || text || reason);

/** @param {string} text */
export const isWholeAddress = (text) => WHOLE_ADDRESS.test(text);

/**
 * The filter as the API takes it.
 * @param {Filter} filter
 * @returns {Record<string, any>}
 */
export function asked({ group, converted, show, campaign_id, audience, text, from, to, zone, reason }) {
  const exactly = show === "elsewhere" ? { elsewhere: true } : show in FLAGS ? { flag: show } : { state: show };
  const until = to ? midnight(to, zone, 1) : "";
  const all = { group, converted, ...exactly, campaign_id, audience, text, reason, since: from ? midnight(from, zone) : "", until };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/**
 * Whether it is a zone, and not the reader's own.
 * @param {string} zone
 */
function isElsewhere(zone) {
  try {
    return Boolean(zone) && new Intl.DateTimeFormat([], { timeZone: zone }).resolvedOptions().timeZone !== new Intl.DateTimeFormat().resolvedOptions().timeZone;
  } catch {
    return false; // the browser knows no such zone
  }
}

/**
 * Milliseconds by which a zone's clock is ahead of UTC at a moment; without a zone, the reader's own clock.
 * @param {number} at
 * @param {string | undefined} zone
 */
const offset = (at, zone) => Date.parse(`${new Date(at).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T")}Z`) - Math.floor(at / 1000) * 1000;

/**
 * When a day begins in a zone, in seconds since 1970; without a zone, where the reader is.
 * @param {string} day
 * @param {string} zone
 * @param {number} [later]
 */
function midnight(day, zone, later = 0) {
  const [year, month, date] = day.split("-").map(Number);
  const there = Date.UTC(year, month - 1, date + later);
  const near = there - offset(there, zone || undefined); // right but for hours around a change of the clocks
  return Math.round((there - offset(near, zone || undefined)) / 1000);
}

/**
 * The form; `changed` is called with what changed. A text counts once nobody types any more.
 * @param {Filter} wanted
 * @param {Api.CampaignSummary[]} campaigns
 * @param {(changes: Partial<Filter>) => void} changed
 */
export function filterForm(wanted, campaigns, changed) {
  const set = (/** @type {keyof Filter} */ name) => (/** @type {string} */ value) => changed({ [name]: value.trim() });
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const typed = (/** @type {string} */ text) => {
    clearTimeout(timer);
    timer = setTimeout(() => changed({ text: text.trim() }), 400);
  };
  const text = input(wanted.text, typed, { type: "search", autocomplete: "off", spellcheck: false, placeholder: texts.findHint });
  const names = [["", texts.all], ...campaigns.map((one) => [String(one.campaign_id), one.name || common.campaignNamed(one.campaign_id)])];
  const isUsed = [wanted.show, wanted.converted, wanted.campaign_id, wanted.audience, wanted.from, wanted.to].some(Boolean);
  const more = make(
    "details",
    { className: "more-filters", open: isUsed || matchMedia("(min-width: 50rem)").matches },
    make("summary", {}, texts.filters),
    make(
      "div",
      { className: "row" },
      field(texts.campaign, select(wanted.campaign_id, names, set("campaign_id"))),
      field(texts.signedUpFrom, input(wanted.from, set("from"), { type: "date" })),
      field(texts.until, input(wanted.to, set("to"), { type: "date" })),
      field(texts.who, select(wanted.audience, [["", texts.everybody], ...Object.entries(AUDIENCES)], set("audience"))),
      field(texts.state, select(wanted.converted ? "converted" : wanted.show, EXACTLY, (value) => changed(value === "converted" ? { converted: "true", show: "" } : { converted: "", show: value }))),
    ),
  );
  const form = make("form", { className: "filters", role: "search" }, field(texts.find, text, { className: "wide" }), more);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    changed({ text: text.value.trim() });
  });
  return form;
}
