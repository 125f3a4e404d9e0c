// Webhooks that carried the right secret and that nobody could read. A marketer knows them as messages.

import { read, send } from "../parts/api.js";
import { ask, confirmed } from "../parts/dialog.js";
import { button, link, make, say, table } from "../parts/dom.js";
import { capital } from "../parts/texts/numbers.js";
import { moment } from "../parts/words.js";
import { number } from "../parts/texts/numbers.js";

export async function show() {
  const body = make("div", {});
  let cursor = null;

  async function load(fresh = true) {
    const page = await read("/api/quarantine", { limit: 25, cursor: fresh ? null : cursor });
    cursor = page.cursor;
    if (fresh) body.replaceChildren();
    body.querySelector(".more")?.remove();
    if (page.items.length) body.append(table("Messages we could not read", ["Received", "Campaign", "Event", "Why", "Size", ""], page.items.map(row)));
    else if (fresh) body.append(make("p", { className: "note good" }, "There are none. Every message from Referral Factory could be read."));
    if (cursor) body.append(make("div", { className: "more row" }, button("Show more", () => load(false))));
  }

  const path = (one) => `/api/quarantine/${encodeURIComponent(one.id)}`;
  function row(one) {
    const look = button("Look", async () => {
      const { text, content_type: kind } = await read(path(one));
      await ask("What came", [make("p", { className: "soft" }, kind), make("pre", { className: "scroll", tabIndex: 0 }, text)], [["Close", null]]);
    });
    const again = button("Read again", async () => {
      say((await send(`${path(one)}/replay`)).message);
      await load();
    });
    const drop = button("Discard", async () => {
      if (!(await confirmed("Discard this message?", "It cannot be brought back.", "Discard", "danger"))) return;
      say((await send(path(one), undefined, "DELETE")).message);
      await load();
    });
    return [moment(one.received_at), one.campaign_id, one.event, capital(one.reason), `${number(one.size)} bytes`, make("span", { className: "row" }, look, again, drop)];
  }

  await load();
  const text = "They carried the right secret but could not be read, for example because a field has another name. Name it under More in the campaign’s settings, then read them again. They are kept for 30 days.";
  return { title: "Messages we could not read", content: [make("p", {}, link("Activity", "#/activity")), make("p", { className: "soft" }, text), body] };
}
