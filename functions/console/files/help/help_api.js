// The API's own description, rendered.

import { read } from "../parts/api.js";
import { make } from "../parts/dom.js";
import { helpApi as texts } from "../parts/texts/help.js";
import { html, table } from "../parts/view.js";

export async function describeApi() {
  const api = await read("/api/openapi.json");
  const text = make("p", { className: "soft" }, texts.about(api.info.title, api.info.version, api.info.description));
  const shapes = Object.keys(api.components.schemas).sort().map((name) => shapeOf(name, api));
  return [text, ...Object.entries(api.paths).map(([path, operations]) => pathOf(path, operations)), make("details", { className: "api" }, make("summary", {}, texts.shapes), ...shapes)];
}

/**
 * @param {string} path
 * @param {Record<string, any>} operations
 */
function pathOf(path, operations) {
  const parts = Object.entries(operations).map(([method, operation]) => operationOf(method, path, operation));
  return make("div", { className: "api" }, ...parts);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {any} operation
 */
function operationOf(method, path, operation) {
  const head = make("summary", {}, make("code", { className: "method" }, method.toUpperCase()), " ", make("code", {}, path), " ", make("span", { className: "soft" }, operation.summary ?? ""));
  const parameters = (operation.parameters ?? []).map((/** @type {any} */ each) => [html`<code>${each.name}</code>`, each.in, each.required ? texts.required : texts.optional, [each.description, limitsOf(each.schema)].filter(Boolean).join(" ")]);
  const answers = Object.entries(operation.responses).sort().map(([status, each]) => [status, each.description, html`<code>${schemaName(each)}</code>`]);
  return make(
    "details",
    {},
    head,
    operation.description ? make("p", {}, operation.description) : null,
    parameters.length ? table(texts.parameters(method, path), texts.parametersColumns, parameters) : null,
    operation.requestBody ? make("p", {}, texts.body, make("code", {}, schemaName(operation.requestBody))) : null,
    table(texts.answers(method, path), texts.answersColumns, answers),
  );
}

/**
 * @param {string} name
 * @param {any} api
 */
function shapeOf(name, api) {
  const schema = api.components.schemas[name];
  const rows = Object.entries(schema.properties ?? {}).map(([field, each]) => [html`<code>${field}</code>`, typeOf(each), schema.required?.includes(field) ? texts.required : texts.optional, [each.description, limitsOf(each)].filter(Boolean).join(" ")]);
  return make("details", {}, make("summary", {}, make("code", {}, name)), schema.description ? make("p", {}, schema.description) : null, rows.length ? table(texts.fields(name), texts.fieldsColumns, rows) : make("p", {}, typeOf(schema)));
}

/** @type {(schema: any) => string} */
const typeOf = (schema) => schema.$ref?.split("/").pop() ?? schema.enum?.join(" · ") ?? (schema.anyOf ?? schema.oneOf)?.map(typeOf).join(texts.or) ?? (schema.items ? texts.listOf(typeOf(schema.items)) : (schema.const ?? schema.type ?? "any"));

const limitsOf = (/** @type {any} */ schema = {}) => [schema.enum ? texts.oneOf(schema.enum) : "", schema.maximum ? texts.atMost(schema.maximum) : "", schema.maxLength ? texts.upToCharacters(schema.maxLength) : ""].filter(Boolean).join(" ");

const schemaName = (/** @type {any} */ each) => Object.values(each.content ?? {})[0]?.schema?.$ref?.split("/").pop() ?? "";
