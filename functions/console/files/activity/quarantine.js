// Webhooks that carried the right secret and that nobody could read. A marketer knows them as messages.

import { read, send } from "../parts/api.js";
import { ask, confirmed } from "../parts/dialog.js";
import { link, make, say } from "../parts/dom.js";
import { capital } from "../parts/texts/numbers.js";
import { moment } from "../parts/words.js";
import { common } from "../parts/texts/common.js";
import { quarantine as texts } from "../parts/texts/activity.js";
import { button, html, render, table } from "../parts/view.js";

export async function show() {
  const body = make("div", {});
  /** @type {string | null} */
  let cursor = null;
  /** @type {Api.QuarantinedAnswer[]} */
  let shown = [];

  async function load(fresh = true) {
    const page = await read("/api/quarantine", { limit: 25, cursor: fresh ? null : cursor });
    cursor = page.cursor;
    shown = fresh ? page.items : [...shown, ...page.items];
    const list = shown.length ? html`<div class="card">${table(common.messages, texts.columns, shown.map(row), shown.map(({ id }) => ({ key: id })))}</div>` : html`<p class="note">${texts.none}</p>`;
    render(html`${list}${cursor ? html`<div class="row">${button(common.showMore, () => load(false))}</div>` : null}`, body);
  }

  const path = (/** @type {Api.QuarantinedAnswer} */ one) => `/api/quarantine/${encodeURIComponent(one.id)}`;
  /** @param {Api.QuarantinedAnswer} one */
  function row(one) {
    const look = button(texts.look, async () => {
      const { text, content_type: kind } = await read(path(one));
      await ask(texts.whatCame, [make("p", { className: "soft" }, kind), make("pre", { className: "scroll", tabIndex: 0 }, text)], [[common.close, null]]);
    });
    const again = button(texts.readAgain, async () => {
      say((await send(`${path(one)}/replay`)).message);
      await load();
    });
    const drop = button(texts.discard, async () => {
      if (!(await confirmed(texts.discardQuestion, texts.itCannotBeBroughtBack, texts.discard, "danger"))) return;
      say((await send(path(one), undefined, "DELETE")).message);
      await load();
    });
    return [moment(one.received_at), common.campaignNamed(one.campaign_id), one.event, capital(one.reason), texts.bytes(one.size), html`<span class="row">${look}${again}${drop}</span>`];
  }

  await load();
  const text = texts.about;
  return { title: common.messages, content: [make("p", {}, link(texts.activity, "#/activity")), make("p", { className: "soft" }, text), body] };
}
