// The tab Rewards.

import { attributeField, refreshBar } from "../parts/attribute_select.js";
import { button, card, make } from "../parts/dom.js";
import { checkbox } from "../parts/form.js";
import { REWARDS, suggestButton } from "./suggest.js";
import { rewards as texts } from "../parts/texts/campaign.js";


/** @param {Model} model */
export function rewardsTab(model) {
  const section = model.settings.rewards;
  const keep = (/** @type {keyof Api.Rewards} */ name) => (/** @type {any} */ value) => {
    Object.assign(section, { [name]: value === "" ? null : value });
    model.changed();
  };
  const fields = make("div", {});
  const render = () =>
    fields.replaceChildren(...REWARDS.map(([name, label, type, attribute]) => attributeField(model, label, section[name], keep(name), { place: `rewards.${name}`, hint: texts.hints[name], type, suggested: [attribute] })));
  render();
  return [
    card(
      texts.issueRewards,
      checkbox(texts.issueDue, section.issue_due, keep("issue_due"), {
        place: "rewards.issue_due",
        hint: texts.issueDueHint,
      }),
    ),
    card(
      texts.onTheContact,
      make("p", { className: "soft" }, texts.aboutContact),
      refreshBar(model, button),
      fields,
      make("div", { className: "row" }, suggestButton(model, section, REWARDS, render)),
    ),
  ];
}
