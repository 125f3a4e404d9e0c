// What a campaign lacks before it can be active, told as one types. The application checks again, and more, when saving.

import { isFixed } from "./sources.js";

const AUDIENCES = ["person_invited", "person_referring"];
const TRIGGER = "qualification.trigger";
const LISTS = { segments: "segment", tags: "tag" };

/** The places that are looked at here; what the application said about them is over with the next change. */
export const CHECKED = [
  /^name$/,
  /^(person_invited|person_referring|sync)\.mapping$/,
  /^(person_invited|person_referring|sync)\.mapping\[\d+\]\.(from|value|to)$/,
  /^qualification\.trigger\.(attribute|qualified_values|initial_value)/,
  /^sync\.source\.ids$/,
];

/** `[{place, message}]`, places as the application names them. */
export function findMissing(settings) {
  const missing = [];
  const tell = (place, message) => missing.push({ place, message });
  if (!settings.name.trim()) tell("name", "Give the campaign a name.");
  for (const audience of AUDIENCES) if (settings[audience].action !== "none") audienceMissing(audience, settings[audience].mapping, tell);
  triggerMissing(settings.qualification?.trigger, tell);
  if (settings.sync.mode !== "off") syncMissing(settings.sync, tell);
  return missing;
}

function audienceMissing(audience, rows, tell) {
  const place = `${audience}.mapping`;
  if (!rows.some((row) => row.from === "first_name" && row.to)) tell(place, "First name is not mapped: add a row from First name, for example to Name.");
  if (!rows.some((row) => row.from === "email" && row.to === "email")) tell(place, "E-mail is not mapped: add a row from E-mail to Email.");
  halfRows(place, rows, tell);
}

function halfRows(place, rows, tell) {
  rows.forEach((row, index) => {
    const fixed = isFixed(row);
    const given = fixed ? String(row.value).trim() : row.from;
    if (given && !row.to) tell(`${place}[${index}].to`, "Choose where it goes, or remove the row.");
    if (row.to && !given) tell(`${place}[${index}].${fixed ? "value" : "from"}`, "Choose what is sent there, or remove the row.");
  });
}

function triggerMissing(trigger, tell) {
  if (trigger?.kind !== "attribute") return;
  const folded = (value) => String(value).trim().toLowerCase();
  if (!trigger.attribute) tell(`${TRIGGER}.attribute`, "Choose the attribute to track.");
  if (!trigger.qualified_values.length) tell(`${TRIGGER}.qualified_values`, "Choose at least one value that qualifies the referral.");
  const { initial_value: first } = trigger;
  if (first !== null && trigger.qualified_values.map(folded).includes(folded(first))) {
    tell(`${TRIGGER}.initial_value`, `“${first}” is also a qualified value: the referral would count as successful from the start.`);
  }
}

function syncMissing({ source, mapping }, tell) {
  if (source.kind in LISTS && !source.ids.length) tell("sync.source.ids", `Choose at least one ${LISTS[source.kind]} whose contacts are synced.`);
  for (const [to, label] of [["first_name", "First name"], ["email", "E-mail"]]) {
    if (!mapping.some((row) => row.to === to && row.from)) tell("sync.mapping", `${label} is not mapped: Referral Factory needs the first name and the e-mail of each contact.`);
  }
  halfRows("sync.mapping", mapping.map((row) => ({ from: row.from, to: row.to === "meta." ? "" : row.to })), tell);
}
