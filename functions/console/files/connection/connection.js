// The page Connection.

import { read } from "../parts/api.js";
import { factoryCard } from "./connection_factory.js";
import { intercomCard } from "./connection_intercom.js";
import { arriving, card, every, make, table } from "../parts/dom.js";
import { secretsCard } from "./connection_secrets.js";
import { factoryHooks, intercomHooks } from "./webhooks.js";
import { moment } from "../parts/words.js";
import { forgetAll } from "../parts/workspace.js";

export async function show(_, signal) {
  const page = make("div", { className: "connection" });
  let state = await read("/api/connection");
  const lights = [];
  const changes = arriving("list of changes", listChanges);

  /** Draws everything anew after somebody changed something here. */
  async function reload(answer) {
    forgetAll();
    state = answer?.intercom ? answer : await read("/api/connection");
    render();
    changes.refill();
  }

  function render() {
    lights.length = 0;
    const hooks = [factoryHooks(state, lights), intercomHooks(state, lights)];
    const warning = make("p", { className: "note warn" }, make("strong", {}, "Please check: "), state.warning);
    page.replaceChildren(
      warning,
      make("div", { className: "columns" }, intercomCard(state, reload), factoryCard(state, reload)),
      secretsCard(state, reload),
      make("h2", { className: "part", id: "webhooks" }, "Webhooks to set up"),
      ...hooks,
      card("Who did what", changes),
    );
  }

  render();
  every(signal, 5, async () => {
    const fresh = await read("/api/connection").catch(() => null);
    if (fresh) for (const light of lights) light(fresh);
  });
  return { title: "Connection", content: [page] };
}

const RESULTS = { done: "", refused: "Refused", failed: "Failed", looked: "Looked" };

async function listChanges() {
  const { items } = await read("/api/connection/changes", { limit: 20 });
  if (!items.length) return make("p", { className: "soft" }, "Nobody did anything yet.");
  const rows = items.map((each) => [moment(each.at), each.email_verified === false ? `${each.who} (not verified)` : each.who, each.what, RESULTS[each.result] ?? "Begun"]);
  const take = button("Export as CSV", () => saveTable("/api/connection/changes", "changes.csv"));
  return make("div", {}, table("Who did what", ["When", "Who", "What", ""], rows), make("div", { className: "row" }, take));
}
