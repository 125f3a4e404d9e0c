// The tabs Person invited and Person referring.

import { refreshBar } from "../parts/attribute_select.js";
import { defaultsEditor } from "./defaults.js";
import { button, card, make } from "../parts/dom.js";
import { radios } from "../parts/form.js";
import { mappingEditor } from "./mapping.js";
import { previewCard } from "./preview.js";
import { NEEDED, REFERRER_PRESET } from "./sources.js";
import { addRows, usualFields } from "./suggest.js";
import { common } from "../parts/texts/common.js";
import { audience as texts } from "../parts/texts/campaign.js";


/**
 * @param {Model} model
 * @param {"person_invited" | "person_referring"} audience
 */
export function audienceTab(model, audience) {
  const section = model.settings[audience];
  const { who, signs } = texts.words[audience];
  const details = make("div", {});
  const choose = (/** @type {Api.Action} */ action) => {
    section.action = action;
    if (action !== "none" && !section.mapping.length) section.mapping.push(...NEEDED.map(([from, to]) => ({ from, to })));
    model.changed();
    render();
  };
  const choices = texts.choices;
  const action = radios(texts.question(who, signs), section.action, choices, choose, { place: `${audience}.action` });

  function render() {
    details.hidden = section.action === "none";
    if (!details.hidden) details.replaceChildren(...cards());
  }

  function cards() {
    const mapping = mappingEditor(model, section.mapping, `${audience}.mapping`, audience);
    const fields = card(
      texts.mapYourFields,
      make("p", { className: "soft" }, texts.aboutFields),
      refreshBar(model, button),
      mapping,
      make("div", { className: "row" }, button(texts.suggestFields, () => addRows(model, section, mapping, usualFields(model, audience), texts.nothingToSuggest))),
    );
    const referrer = card(
      texts.whoReferredThem,
      make("p", { className: "soft" }, texts.aboutReferrer),
      button(texts.addReferrerInformation, () => addRows(model, section, mapping, REFERRER_PRESET, texts.referrerIsMapped)),
    );
    const defaults = card(texts.defaultValues, make("p", { className: "soft" }, texts.aboutDefaults), defaultsEditor(model, section, `${audience}.defaults`));
    const form = [fields, audience === "person_invited" ? referrer : null, defaults, known(model, section, audience)].filter(Boolean);
    return [make("div", { className: "with-preview" }, make("div", { className: "form-side" }, ...form), previewCard(model, audience))];
  }

  render();
  return [card(common.inIntercom, action), details];
}

/**
 * @param {Model} model
 * @param {Api.AudienceSettings} section
 * @param {string} audience
 */
function known(model, section, audience) {
  const keep = (/** @type {"duplicates" | "archived" | "merge_leads"} */ name) => (/** @type {any} */ value) => {
    Object.assign(section, { [name]: value });
    model.changed();
  };
  const duplicates = texts.duplicates;
  const archived = texts.archived;
  const beside = texts.beside;
  const merge = (/** @type {string} */ value) => keep("merge_leads")(value === "yes");
  return card(
    texts.knownTitle,
    radios(texts.ifThere, section.duplicates, duplicates, keep("duplicates"), { place: `${audience}.duplicates` }),
    radios(texts.ifArchived, section.archived, archived, keep("archived"), { place: `${audience}.archived` }),
    radios(texts.ifBeside, section.merge_leads ? "yes" : "no", beside, merge, { place: `${audience}.merge_leads` }),
  );
}
