import { quote } from "../contract/grammar.ts";
import { convert } from "./convert.ts";
import type { Manifest } from "./manifest.ts";
import { ManifestError, type Mistake } from "./mistakes.ts";
import { checkShape } from "./shape.ts";
import { parseJsonOrYaml } from "./text.ts";

/**
 * Reads a manifest from JSON, or from YAML if the file name ends in `.yaml` or `.yml`.
 * Throws `MANIFEST_INVALID` with the place of each mistake.
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { readManifest } from "odori/manifest";
 *
 * const manifest = readManifest(readFileSync("order.yaml", "utf8"), "order.yaml");
 * ```
 */
export function readManifest(text: string, file = "manifest"): Manifest {
  const { value, place } = parseJsonOrYaml(file, text);
  return toManifest(value, file, place);
}

/**
 * Converts a parsed document to a manifest. `place` adds line and column to a mistake.
 * Throws `MANIFEST_INVALID` with at most 100 mistakes.
 *
 * @example
 * ```ts
 * import { toManifest } from "odori/manifest";
 *
 * const document: unknown = await (await fetch("https://registry.example/order.json")).json();
 * const manifest = toManifest(document, "order.json");
 * ```
 */
export function toManifest(
  value: unknown,
  file = "manifest",
  place: (mistake: Mistake) => Mistake = (mistake) => mistake,
): Manifest {
  const shape = checkShape(value);
  if ("mistakes" in shape) throw new ManifestError(file, shape.mistakes.slice(0, 100).map(place));
  const mistakes: Mistake[] = [];
  const manifest = convert(shape.raw, mistakes);
  checkNames(shape.raw, mistakes);
  if (mistakes.length > 0) throw new ManifestError(file, mistakes.slice(0, 100).map(place));
  return manifest;
}

type Path = readonly (string | number)[];

/** Matches control and format characters: a name with one of them cannot be printed faithfully. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Adds a mistake for each name that cannot be printed. */
export function checkNames(raw: object, mistakes: Mistake[]): void {
  const visit = (value: unknown, path: Path): void => {
    if (typeof value === "string" && UNPRINTABLE.test(value))
      mistakes.push({ path, message: `${quote(value)} contains unprintable characters` });
    else if (Array.isArray(value))
      value.forEach((item, index) => void visit(item, [...path, index]));
    else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (UNPRINTABLE.test(key))
          mistakes.push({
            path: [...path, key],
            message: `${quote(key)} contains unprintable characters`,
          });
        // Schemas and summaries are free text; the code that prints them makes them safe.
        if (key !== "schema" && key !== "summary" && key !== "suppress" && !key.startsWith("x-"))
          visit(item, [...path, key]);
      }
    }
  };
  visit(raw, []);
}
