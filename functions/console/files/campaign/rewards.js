// The tab Rewards.

import { attributeField, refreshBar } from "../parts/attribute_select.js";
import { button, card, make } from "../parts/dom.js";
import { checkbox } from "../parts/form.js";

export function rewardsTab(model) {
  const section = model.settings.rewards;
  const keep = (name) => (value) => {
    section[name] = value === "" ? null : value;
    model.changed();
  };
  const attribute = (name, label, hint, type) => attributeField(model, label, section[name], keep(name), { place: `rewards.${name}`, hint, type });
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
      attribute("last_reward", "Last reward", "What was given last.", "string"),
      attribute("rewards_total", "Total of rewards", "A number.", "float"),
      attribute("reward_status", "Status of the last reward", "Such as issued.", "string"),
    ),
  ];
}
