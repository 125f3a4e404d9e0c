// A made-up person, sent through the campaign by the application's own webhook, watched live and taken back with one click.

import { read, send } from "../parts/api.js";
import { button, every, make, say, table } from "../parts/dom.js";
import { address, shown } from "../parts/words.js";
import { shortName } from "../parts/workspace.js";
import { contactLink, stepList, waitingWords } from "./steps.js";

const SECONDS = 2;
const TEXTS = {
  before: "A made-up person comes by the webhook, as Referral Factory sends a signup. Referral Factory itself is not told. This is what Intercom gets:",
  nobody: "Nobody would be sent to Intercom: choose first what happens to people who sign up, then save.",
  unsaved: "Your unsaved changes do not count here. Save them first to try them.",
  back: "Taking the person back deletes everything here, and the contact in Intercom that was created for it.",
};

/** `person` as the preview takes it; `email` names the next one. */
export function madeUp(model, person, email, signal) {
  const place = make("div", {});
  let trial = null;
  let found = null;

  async function renew() {
    trial = (await read(path())).trial;
    found = trial ? ((await read("/api/referrals", { email: trial.email, campaign_id: model.id })).items[0] ?? null) : null;
  }

  async function show() {
    place.replaceChildren(...(trial ? under() : await before()));
  }

  async function look() {
    const drawn = JSON.stringify([trial, found]);
    if (trial) await renew().catch(() => null);
    if (JSON.stringify([trial, found]) !== drawn) await show();
  }

  const path = () => `/api/campaigns/${model.id}/trial`;
  async function before() {
    if (person() === null) return [make("p", { className: "note" }, TEXTS.nobody)];
    const next = { ...person(), email: email() }; // who is shown is who is sent
    const preview = await send(`/api/campaigns/${model.id}/preview`, { person: next });
    const rows = preview.fields.filter((each) => each.sent).map((each) => [make("code", {}, address(shortName(each.attribute))), address(shown(each.value))]);
    const start = button("Send the made-up person", async () => {
      trial = (await send(path(), { person: next })).trial;
      await show();
      place.querySelector("button")?.focus();
    }, { className: "first" });
    return [
      make("p", {}, TEXTS.before),
      model.isChanged ? make("p", { className: "note warn" }, TEXTS.unsaved) : null,
      make("p", {}, make("strong", {}, preview.outcome)),
      make("details", {}, make("summary", {}, "All its fields"), table("What Intercom gets", ["Attribute", "Value"], rows)),
      make("div", { className: "row" }, start),
    ].filter(Boolean);
  }

  function under() {
    const arrived = Boolean(found?.contact_id);
    const rows = [
      [true, "The webhook came", "Posted to this application’s own address, as Referral Factory does."],
      [Boolean(found), "The person is in the list", found ? address(trial.email) : "Within seconds."],
      [arrived, "The contact is in Intercom", waitingWords(found)],
    ];
    const back = button("Take it back", async () => {
      const { message } = await send(path(), {}, "DELETE");
      trial = found = null;
      await show();
      say(message);
      place.querySelector("button")?.focus();
    });
    return [stepList(rows, contactLink(found)), make("p", { className: "soft small" }, TEXTS.back), make("div", { className: "row" }, back)];
  }

  every(signal, SECONDS, look);
  return { element: place, ready: renew().then(show) };
}
