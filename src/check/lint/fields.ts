import type { JsonSchema } from "../../manifest/manifest.ts";
import { wordsOf } from "./name-parts.ts";

/** A field of a payload. */
export interface Field {
  readonly path: readonly string[];
  /** Names of its direct fields. */
  readonly children: readonly string[];
  /** What its own schema is. Not trusted: it may be any JSON. */
  readonly schema: unknown;
}

/** Bounds the walk through a schema, which may be hostile. */
const WALK_DEPTH_MAX = 12;
const WALK_FIELDS_MAX = 2_000;

/** Returns the fields that a schema names, at all depths. */
export function fieldsOf(schema: JsonSchema): readonly Field[] {
  const fields: Field[] = [];
  const visit = (node: unknown, path: readonly string[], depth: number) => {
    if (
      typeof node !== "object" ||
      node === null ||
      depth > WALK_DEPTH_MAX ||
      fields.length > WALK_FIELDS_MAX
    )
      return;
    if ("properties" in node && typeof node.properties === "object" && node.properties !== null) {
      for (const [name, child] of Object.entries(node.properties)) {
        fields.push({ path: [...path, name], children: childrenOf(child), schema: child });
        visit(child, [...path, name], depth + 1);
      }
    }
    for (const key of ["items", "anyOf", "oneOf", "allOf"] as const) {
      const below: unknown = key in node ? Reflect.get(node, key) : undefined;
      for (const child of Array.isArray(below) ? below : [below]) visit(child, path, depth + 1);
    }
  };
  visit(schema, [], 0);
  return fields;
}

function childrenOf(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const inner: unknown = "items" in schema ? schema.items : schema;
  if (typeof inner !== "object" || inner === null || !("properties" in inner)) return [];
  return Object.keys(inner.properties ?? {});
}

/** Matches the names of fields that identify something. */
const KEYS = new RegExp(
  "(^|_)(id|ids|key|keys|no|number|code|ref|reference|uuid|guid|sku|slug|uri|url)$" +
    "|番号$|コード$",
);

/** Tells whether a field identifies something. */
export function isKey(name: string): boolean {
  return KEYS.test(wordsOf(name).join("_"));
}
