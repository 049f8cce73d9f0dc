// Writes src/shared/api/schema.ts from the committed OpenAPI document: types of bodies, and of every operation.
//
// Bodies of requests may leave out what has a default; answers have everything.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const document = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../docs/reference/openapi.json", import.meta.url)), "utf8"),
);
const target = fileURLToPath(new URL("../src/shared/api/schema.ts", import.meta.url));
const schemas = document.components.schemas;

const nameOf = (ref) => ref.split("/").at(-1);
const typeName = (name) => name.replace(/[^A-Za-z0-9]+(.)?/g, (_, next) => (next ?? "").toUpperCase());
const quoted = (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));

/** The names of schemas that a request sends: there, a default makes a field optional. */
function sentSchemas() {
  const found = new Set();
  const visit = (schema) => {
    if (!schema || typeof schema !== "object") return;
    if (schema.$ref && !found.has(nameOf(schema.$ref))) {
      found.add(nameOf(schema.$ref));
      visit(schemas[nameOf(schema.$ref)]);
    }
    for (const inner of Object.values(schema)) visit(inner);
  };
  for (const methods of Object.values(document.paths))
    for (const operation of Object.values(methods))
      for (const content of Object.values(operation.requestBody?.content ?? {})) visit(content.schema);
  return found;
}
const sent = sentSchemas();

function typeOf(schema, isSent) {
  if (schema === undefined || schema === true) return "unknown";
  if (schema.$ref) return typeName(nameOf(schema.$ref));
  const members = schema.anyOf ?? schema.oneOf;
  if (members) return [...new Set(members.map((one) => typeOf(one, isSent)))].join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ ...schema, type }, isSent)).join(" | ");
  switch (schema.type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `Array<${typeOf(schema.items, isSent)}>`;
    case "object":
      if (schema.properties) return shapeOf(schema, isSent);
      return `Record<string, ${typeof schema.additionalProperties === "object" ? typeOf(schema.additionalProperties, isSent) : "unknown"}>`;
    default:
      return "unknown";
  }
}

function shapeOf(schema, isSent) {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).map(([key, one]) => {
    const isThere = required.has(key) || (!isSent && "default" in one);
    const says = one.description ? `  /** ${one.description.replaceAll("*/", "*\\/")} */\n` : "";
    return `${says}  ${quoted(key)}${isThere ? "" : "?"}: ${typeOf(one, isSent)};`;
  });
  return `{\n${fields.join("\n")}\n}`;
}

function operation(method, path, found) {
  const parameters = (place) => (found.parameters ?? []).filter((one) => one.in === place);
  const part = (place) => {
    const list = parameters(place);
    if (list.length === 0) return "undefined";
    return `{ ${list.map((one) => `${quoted(one.name)}${one.required ? "" : "?"}: ${typeOf(one.schema, true)}`).join("; ")} }`;
  };
  const content = found.requestBody?.content?.["application/json"];
  const body = content ? typeOf(content.schema, true) : "undefined";
  const answers = Object.entries(found.responses)
    .filter(([status]) => status.startsWith("2"))
    .map(([, one]) => one.content?.["application/json"]?.schema)
    .map((schema) =>
      schema === undefined || Object.keys(schema).length === 0 ? "undefined" : typeOf(schema, false),
    );
  const answer = [...new Set(answers)].join(" | ") || "undefined";
  const isNeeded = found.requestBody?.required ? "" : content ? " | undefined" : "";
  return `  ${JSON.stringify(`${method.toUpperCase()} ${path}`)}: { path: ${part("path")}; query: ${part("query")}; body: ${body}${isNeeded}; answer: ${answer} };`;
}

const lines = ["// Made by `npm run types` from docs/reference/openapi.json.", ""];
for (const [name, schema] of Object.entries(schemas)) {
  lines.push(`export type ${typeName(name)} = ${typeOf(schema, sent.has(name))};`, "");
}
lines.push("export interface Operations {");
for (const [path, methods] of Object.entries(document.paths))
  for (const [method, found] of Object.entries(methods)) lines.push(operation(method, path, found));
lines.push("}", "");
mkdirSync(new URL(".", `file://${target}`), { recursive: true });
writeFileSync(target, lines.join("\n"));
