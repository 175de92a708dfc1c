import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Schema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const INTRODUCTION = `# Manifest

What may a file say that describes a choreography without code?

A manifest is JSON or YAML. \`odori manifest\` writes it from code, and every command reads it. It
holds what the verbs of [a service](verbs.md) declare, and no handlers. Several files are merged:
services live in repositories of their own. Editors complete it by the JSON Schema of the package:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/odori/manifest.schema.json
odori: 1
name: shop
begins: [order.placed.v1]
succeeds: [stock.reserved.v1]
services:
  order: { begins: [order.placed.v1] }
  stock: { reactions: [{ on: [order.placed.v1], emits: [stock.reserved.v1] }] }
\`\`\`

Keys that begin with \`x-\` are yours. This page is generated from \`manifest.schema.json\` by
\`npm run docs\`.
`;

/** The reference of the manifest, as Markdown: a table for each object of its schema. */
export function manifestPage(): string {
  const schema: Schema = JSON.parse(readFileSync(join(ROOT, "manifest.schema.json"), "utf8"));
  const parts = Object.entries(schema.$defs ?? {}).filter(([, part]) => part.properties);
  return [
    INTRODUCTION,
    section("The document", schema),
    ...parts.map(([name, part]) => section(`A ${name}`.replace(/^A (?=[aeiou])/, "An "), part)),
  ].join("\n");
}

function section(title: string, { properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties)
    .filter(([key]) => key !== "$schema")
    .map(([key, value]) => {
      const needed = required.includes(key) ? ", required" : "";
      return `| \`${key}\` | ${shape(value)}${needed} | ${value.description ?? ""} |`;
    });
  return [`## ${title}\n`, "| key | value | meaning |", "| --- | --- | --- |", ...rows, ""].join(
    "\n",
  );
}

/** What a value is, in a word or two. */
function shape({ $ref, items, enum: all, const: only, type, ...more }: Schema): string {
  if ($ref !== undefined) return NAMES[$ref.replace("#/$defs/", "")] ?? $ref;
  if (items !== undefined) return `list of ${shape(items)}`;
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (all !== undefined) return all.map((one) => `\`${JSON.stringify(one)}\``).join(", ");
  if (type === "object" && typeof more.additionalProperties === "object")
    return `by name: ${shape(more.additionalProperties)}`;
  return [type ?? "any"].flat().join(" or ");
}

const NAMES: Readonly<Record<string, string>> = {
  type: "event",
  event: "[event](#an-event)",
  outcome: "outcome: an event, or a list of events",
  reaction: "[reaction](#a-reaction)",
  deadline: "[deadline](#a-deadline)",
  service: "[service](#a-service)",
};
