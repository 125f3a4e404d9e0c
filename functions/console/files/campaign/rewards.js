// The tab Rewards.

import { attributeField, refreshBar } from "../parts/attribute_select.js";
import { button, card, make } from "../parts/dom.js";
import { checkbox } from "../parts/form.js";
import { REWARDS, suggestButton } from "./suggest.js";

const HINTS = { last_reward: "What was given last.", rewards_total: "A number.", reward_status: "Such as issued." };

export function rewardsTab(model) {
  const section = model.settings.rewards;
  const keep = (name) => (value) => {
    section[name] = value === "" ? null : value;
    model.changed();
  };
  const fields = make("div", {});
  const render = () =>
    fields.replaceChildren(...REWARDS.map(([name, label, type, attribute]) => attributeField(model, label, section[name], keep(name), { place: `rewards.${name}`, hint: HINTS[name], type, suggested: [attribute] })));
  render();
  return [
    card(
      "Issue rewards",
      checkbox("Issue rewards that are due by ourselves", section.issue_due, keep("issue_due"), {
        place: "rewards.issue_due",
        hint: "Otherwise Referral Factory, or a person there, issues them.",
      }),
    ),
    card(
      "Rewards on the contact in Intercom",
      make("p", { className: "soft" }, "Written to the contact of whoever gets the reward. An event referral_reward_issued is added as well."),
      refreshBar(model, button),
      fields,
      make("div", { className: "row" }, suggestButton(model, section, REWARDS, render)),
    ),
  ];
}
