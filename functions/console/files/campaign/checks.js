// What a campaign lacks before it can be active, shown as one types. The application checks again, and more, when saving.

import { isFixed } from "./sources.js";
import { common } from "../parts/texts/common.js";
import { checks as texts } from "../parts/texts/campaign.js";

const AUDIENCES = /** @type {const} */ (["person_invited", "person_referring"]);
const TRIGGER = "qualification.trigger";

/** The places that are looked at here; what the application said about them is over with the next change. */
export const CHECKED = [
  /^name$/,
  /^(person_invited|person_referring|sync)\.mapping$/,
  /^(person_invited|person_referring|sync)\.mapping\[\d+\]\.(from|value|to)$/,
  /^qualification\.trigger\.(attribute|qualified_values|initial_value)/,
  /^sync\.source\.ids$/,
];

/**
 * `[{place, message}]`, places as the application names them.
 * @param {Settings} settings
 * @returns {Remark[]}
 */
export function findMissing(settings) {
  /** @type {Remark[]} */
  const missing = [];
  const tell = (/** @type {string} */ place, /** @type {string} */ message) => missing.push({ place, message });
  if (!settings.name.trim()) tell("name", texts.nameIsMissing);
  for (const audience of AUDIENCES) if (settings[audience].action !== "none") audienceMissing(audience, settings[audience].mapping, tell);
  triggerMissing(settings.qualification?.trigger, tell);
  if (settings.sync.mode !== "off") syncMissing(settings.sync, tell);
  return missing;
}

/**
 * @param {string} audience
 * @param {Api.AudienceRow[]} rows
 * @param {(place: string, message: string) => void} tell
 */
function audienceMissing(audience, rows, tell) {
  const place = `${audience}.mapping`;
  if (!rows.some((row) => row.from === "first_name" && row.to)) tell(place, texts.firstNameIsNotMapped);
  if (!rows.some((row) => row.from === "email" && row.to === "email")) tell(place, texts.emailIsNotMapped);
  halfRows(place, rows, tell);
}

/**
 * @param {string} place
 * @param {Api.AudienceRow[]} rows
 * @param {(place: string, message: string) => void} tell
 */
function halfRows(place, rows, tell) {
  rows.forEach((row, index) => {
    const fixed = isFixed(row);
    const given = fixed ? String(row.value).trim() : row.from;
    if (given && !row.to) tell(`${place}[${index}].to`, texts.chooseWhereItGoes);
    if (row.to && !given) tell(`${place}[${index}].${fixed ? "value" : "from"}`, texts.chooseWhatIsSentThere);
  });
}

/**
 * @param {Api.AttributeTrigger | Api.BecameUserTrigger | undefined} trigger
 * @param {(place: string, message: string) => void} tell
 */
function triggerMissing(trigger, tell) {
  if (trigger?.kind !== "attribute") return;
  const folded = (/** @type {unknown} */ value) => String(value).trim().toLowerCase();
  if (!trigger.attribute) tell(`${TRIGGER}.attribute`, texts.chooseTheAttribute);
  if (!trigger.qualified_values.length) tell(`${TRIGGER}.qualified_values`, texts.chooseAValue);
  const { initial_value: first } = trigger;
  if (first !== null && trigger.qualified_values.map(folded).includes(folded(first))) {
    tell(`${TRIGGER}.initial_value`, texts.qualifiesFromTheStart(first));
  }
}

/**
 * @param {Api.Sync} sync
 * @param {(place: string, message: string) => void} tell
 */
function syncMissing({ source, mapping }, tell) {
  const { kind } = source;
  if ((kind === "segments" || kind === "tags") && !source.ids.length) tell("sync.source.ids", texts.chooseAList(texts.lists[kind]));
  for (const [to, label] of [["first_name", common.firstName], ["email", common.email]]) {
    if (!mapping.some((row) => row.to === to && row.from)) tell("sync.mapping", texts.isNotMapped(label));
  }
  halfRows("sync.mapping", mapping.map((row) => ({ from: row.from, to: row.to === "meta." ? "" : row.to })), tell);
}
