// The tabs Person invited and Person referring.

import { refreshBar } from "../parts/attribute_select.js";
import { defaultsEditor } from "./defaults.js";
import { button, card, make } from "../parts/dom.js";
import { radios } from "../parts/form.js";
import { mappingEditor } from "./mapping.js";
import { previewCard } from "./preview.js";
import { NEEDED, REFERRER_PRESET } from "./sources.js";
import { addRows, usualFields } from "./suggest.js";

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
      make("div", { className: "row" }, button("Suggest fields", () => addRows(model, section, mapping, usualFields(model, audience), "Everything that can be suggested is mapped already."))),
    );
    const referrer = card(
      "Who referred them",
      make("p", { className: "soft" }, "Attach the name and e-mail of the person referring, and the campaign’s name."),
      button("Add referrer information", () => addRows(model, section, mapping, REFERRER_PRESET, "The referrer’s information is mapped already.")),
    );
    const defaults = card("Default values", make("p", { className: "soft" }, "Written once, when the contact is created."), defaultsEditor(model, section, `${audience}.defaults`));
    const form = [fields, audience === "person_invited" ? referrer : null, defaults, known(model, section, audience)].filter(Boolean);
    return [make("div", { className: "with-preview" }, make("div", { className: "form-side" }, ...form), previewCard(model, audience))];
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
  const beside = [
    ["no", "Show me both", "The signup is marked as possibly doubled, and you decide in Intercom."],
    ["yes", "Merge the lead into the user", "Intercom merges them for good: the user keeps its values and gains what it lacks."],
  ];
  const merge = (value) => keep("merge_leads")(value === "yes");
  return card(
    "People who are in Intercom already",
    radios("If a contact with the e-mail exists", section.duplicates, duplicates, keep("duplicates"), { place: `${audience}.duplicates` }),
    radios("If that contact is archived", section.archived, archived, keep("archived"), { place: `${audience}.archived` }),
    radios("If a lead that we created stands beside a user with the same e-mail", section.merge_leads ? "yes" : "no", beside, merge, { place: `${audience}.merge_leads` }),
  );
}
