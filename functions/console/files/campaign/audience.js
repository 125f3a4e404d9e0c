// The tabs Person invited and Person referring.

import { refreshBar } from "../parts/attribute_select.js";
import { confirmed } from "../parts/dialog.js";
import { defaultsEditor } from "./defaults.js";
import { button, card, make, say } from "../parts/dom.js";
import { radios } from "../parts/form.js";
import { mappingEditor } from "./mapping.js";
import { previewCard } from "./preview.js";
import { LINK_PRESET, NEEDED, REFERRER_PRESET, sourceName } from "./sources.js";
import { create, shortName } from "../parts/workspace.js";

const WORDS = {
  person_invited: { who: "the person invited", signs: "who signs up through a friend’s link (“Referred”)" },
  person_referring: { who: "the person referring", signs: "who signs up to share a link (“Direct”)" },
};

export function audienceTab(model, audience) {
  const section = model.settings[audience];
  const { who, signs } = WORDS[audience];
  const details = make("div", {});
  const choose = (action) => {
    section.action = action;
    if (action !== "none" && !section.mapping.length) section.mapping.push(...NEEDED.map(([from, to]) => ({ from, to })));
    model.changed();
    render();
  };
  const choices = [
    ["none", "Nothing", "Such people are not sent to Intercom."],
    ["lead", "Create a lead", "Your team picks it up in Intercom’s leads."],
    ["user", "Create a user", "For people who become users of yours by signing up."],
  ];
  const action = radios(`What happens in Intercom for ${who}, ${signs}?`, section.action, choices, choose, { place: `${audience}.action` });

  function render() {
    details.hidden = section.action === "none";
    if (!details.hidden) details.replaceChildren(...cards());
  }

  function cards() {
    const mapping = mappingEditor(model, section.mapping, `${audience}.mapping`, audience);
    const fields = card(
      "Map your fields",
      make("p", { className: "soft" }, "First name and e-mail must be mapped; the others are optional."),
      refreshBar(model, button),
      mapping,
      make("div", { className: "row" }, button("Suggest fields", () => addRows(model, section, mapping, suggestions(model, audience), "Everything that can be suggested is mapped already."))),
    );
    const referrer = card(
      "Who referred them",
      make("p", { className: "soft" }, "Attach the name and e-mail of the person referring, and the campaign’s name."),
      button("Add referrer information", () => addRows(model, section, mapping, REFERRER_PRESET, "The referrer’s information is mapped already.")),
    );
    const defaults = card("Default values", make("p", { className: "soft" }, "Written once, when the contact is created."), defaultsEditor(model, section, `${audience}.defaults`));
    return [fields, audience === "person_invited" ? referrer : null, defaults, known(model, section, audience), previewCard(model, audience)].filter(Boolean);
  }

  render();
  return [card("In Intercom", action), details];
}

function known(model, section, audience) {
  const keep = (name) => (value) => {
    section[name] = value;
    model.changed();
  };
  const duplicates = [
    ["skip", "Leave the contact as it is", "Nothing is written to it."],
    ["fill", "Fill in what is missing", "Only attributes that are empty on the contact are written."],
    ["update", "Update the contact", "This may overwrite values in Intercom."],
  ];
  const archived = [
    ["unarchive", "Bring the contact back", "It is taken out of the archive and updated."],
    ["skip", "Leave it archived", "The signup is shown as failed, so that you see it."],
  ];
  return card(
    "People who are in Intercom already",
    radios("If a contact with the e-mail exists", section.duplicates, duplicates, keep("duplicates"), { place: `${audience}.duplicates` }),
    radios("If that contact is archived", section.archived, archived, keep("archived"), { place: `${audience}.archived` }),
  );
}

const bare = (name) => shortName(name).toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** What the guides map, and the form's own fields that have an attribute of the same name. `[from, to, type]`. */
function suggestions(model, audience) {
  const usual = [...NEEDED.map(([from, to]) => [from, to, "string"]), ...LINK_PRESET, ...(audience === "person_invited" ? REFERRER_PRESET : [])];
  const writable = model.attributes.items.filter((one) => one.can_be_written);
  const own = model.labels(audience).flatMap((label) => {
    if (bare(label) === "lastname") return [[`meta.${label}`, "name", "string"]];
    const found = writable.find((one) => one.custom && [bare(one.name), bare(one.label ?? "")].includes(bare(label)));
    return found ? [[`meta.${label}`, found.name, "string"]] : [];
  });
  return [...usual, ...own];
}

/** Adds the rows that are not there yet; attributes that Intercom lacks are created when the person says so. */
async function addRows(model, section, mapping, wanted, nothing) {
  const there = new Set(section.mapping.map((row) => row.from));
  const rows = wanted.filter(([from]) => !there.has(from));
  if (!rows.length) return say(nothing);
  const known = new Set(model.attributes.items.map((one) => one.name));
  const missing = model.attributes.problem ? [] : rows.filter(([, to]) => !known.has(to));
  if (missing.length) {
    const names = missing.map(([, to]) => shortName(to)).join(", ");
    if (!(await confirmed("Create attributes in Intercom?", `Your workspace has no ${names}. They are created as text attributes.`, "Create and map them"))) return undefined;
    for (const [, to, type] of missing) await create(shortName(to), type);
    await model.refresh(false);
  }
  section.mapping.push(...rows.map(([from, to]) => ({ from, to })));
  model.changed();
  mapping.render();
  return say(`Added: ${rows.map(([from]) => sourceName(from)).join(", ")}.`);
}
