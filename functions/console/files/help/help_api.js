// The API's own description, rendered.

import { read } from "../parts/api.js";
import { make, table } from "../parts/dom.js";

export async function describeApi() {
  const api = await read("/api/openapi.json");
  const text = make("p", { className: "soft" }, `${api.info.title}, version ${api.info.version}. ${api.info.description} Each call needs a bearer token. The description itself is at /api/openapi.json.`);
  const shapes = Object.keys(api.components.schemas).sort().map((name) => shapeOf(name, api));
  return [text, ...Object.entries(api.paths).map(([path, operations]) => pathOf(path, operations)), make("details", { className: "api" }, make("summary", {}, "Shapes of bodies and answers"), ...shapes)];
}

function pathOf(path, operations) {
  const parts = Object.entries(operations).map(([method, operation]) => operationOf(method, path, operation));
  return make("div", { className: "api" }, ...parts);
}

function operationOf(method, path, operation) {
  const head = make("summary", {}, make("code", { className: "method" }, method.toUpperCase()), " ", make("code", {}, path), " ", make("span", { className: "soft" }, operation.summary ?? ""));
  const parameters = (operation.parameters ?? []).map((each) => [make("code", {}, each.name), each.in, each.required ? "required" : "optional", [each.description, limitsOf(each.schema)].filter(Boolean).join(" ")]);
  const answers = Object.entries(operation.responses).sort().map(([status, each]) => [status, each.description, make("code", {}, schemaName(each))]);
  return make(
    "details",
    {},
    head,
    operation.description ? make("p", {}, operation.description) : null,
    parameters.length ? table(`Parameters of ${method} ${path}`, ["Parameter", "In", "", "Meaning"], parameters) : null,
    operation.requestBody ? make("p", {}, "Body: ", make("code", {}, schemaName(operation.requestBody))) : null,
    table(`Answers of ${method} ${path}`, ["Status", "Meaning", "Shape"], answers),
  );
}

function shapeOf(name, api) {
  const schema = api.components.schemas[name];
  const rows = Object.entries(schema.properties ?? {}).map(([field, each]) => [make("code", {}, field), typeOf(each), schema.required?.includes(field) ? "required" : "optional", [each.description, limitsOf(each)].filter(Boolean).join(" ")]);
  return make("details", {}, make("summary", {}, make("code", {}, name)), schema.description ? make("p", {}, schema.description) : null, rows.length ? table(`Fields of ${name}`, ["Field", "Type", "", "Meaning"], rows) : make("p", {}, typeOf(schema)));
}

const typeOf = (schema) => schema.$ref?.split("/").pop() ?? schema.enum?.join(" · ") ?? (schema.anyOf ?? schema.oneOf)?.map(typeOf).join(" or ") ?? (schema.items ? `list of ${typeOf(schema.items)}` : (schema.const ?? schema.type ?? "any"));

const limitsOf = (schema = {}) => [schema.enum ? `One of ${schema.enum.join(", ")}.` : "", schema.maximum ? `At most ${schema.maximum}.` : "", schema.maxLength ? `Up to ${schema.maxLength} characters.` : ""].filter(Boolean).join(" ");

const schemaName = (each) => Object.values(each.content ?? {})[0]?.schema?.$ref?.split("/").pop() ?? "";
