// What the console uses of htm/preact/standalone.

import type { VNode } from "preact";

/** Shows a template in the place. An element of the document has no place in it. */
export const render: (part: Part, place: Element | DocumentFragment) => void;
/** A template. An element of the document has no place in it. */
export const html: (strings: TemplateStringsArray, ...values: Array<Part | boolean | ((...given: any[]) => unknown) | { nodeType?: never }>) => VNode;
