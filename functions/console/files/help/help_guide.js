// The guide: docs/configure.md as `make help-pages` turned it into guide.json, built element by element.

import { card } from "../parts/dom.js";
import { helpGuide as texts } from "../parts/texts/help.js";
import { html, table } from "../parts/view.js";

const TAGS = new Set(["p", "strong", "em", "code", "ul", "ol", "li"]);
/** @type {{ sections: Array<{ id: string, title: string, content: any[] }> } | null} */
let guide = null;

export async function readGuide() {
  const answer = guide ?? (await fetch("/console/help/guide.json").catch(() => null));
  if (answer instanceof Response) {
    if (!answer.ok) throw new Error(texts.cannotBeRead);
    guide = await answer.json();
  }
  if (!guide) throw new Error(texts.unreachable);
  return guide;
}

/** @param {{ id: string, title: string, content: any[] }} section */
export function sectionCard({ id, title, content }) {
  const section = card(title, ...content.map((node) => build(node, title)));
  section.id = `help-${id}`;
  return section;
}

/**
 * A text, or `[tag, ...what is in it]`; of a table the heads and the rows.
 * @param {any} node
 * @param {string} title
 * @returns {Part}
 */
function build(node, title) {
  if (typeof node === "string") return node;
  const [tag, ...inside] = node;
  if (tag === "table") return table(title, inside[0], inside[1].map((/** @type {any[][]} */ row) => row.map((cell) => html`<span>${cell.map((each) => build(each, title))}</span>`)));
  if (!TAGS.has(tag)) throw new Error(texts.unknownElement(tag));
  return html`<${tag}>${inside.map((/** @type {any} */ each) => build(each, title))}<//>`;
}
