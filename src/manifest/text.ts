import { LineCounter, parseDocument } from "yaml";
import { messageOf } from "../contract/errors.ts";
import { ManifestError, type Mistake } from "./mistakes.ts";
import { checkAliases, parseYaml } from "./yaml.ts";

/** Holds a parsed document, and finds the place of its parts. */
export interface ParsedText {
  readonly value: unknown;
  /** Returns the mistake with its line and column. */
  place(mistake: Mistake): Mistake;
}

/** Longest text that is parsed, in characters. 10,000 services need about 10 MB. */
export const DOCUMENT_MAX_CHARS = 64 * 1024 * 1024;

/** Longest text in which the line of a mistake is looked up, in characters. */
const PLACED_MAX_CHARS = 4 * 1024 * 1024;

/** Deepest nesting that is accepted, to protect the stack of recursive readers. */
const NESTING_MAX = 200;

/**
 * Parses JSON, or YAML if the file name ends in `.yaml` or `.yml`. Throws `MANIFEST_INVALID` with
 * the place of the syntax error.
 */
export function parseJsonOrYaml(file: string, text: string): ParsedText {
  if (text.length > DOCUMENT_MAX_CHARS) {
    throw new ManifestError(file, [
      { path: [], message: `has ${text.length} characters; the limit is ${DOCUMENT_MAX_CHARS}` },
    ]);
  }
  const yaml = /\.ya?ml$/i.test(file);
  const value = yaml ? parseYaml(file, text) : parseJsonText(file, text);
  if (isDeeper(value, NESTING_MAX))
    throw new ManifestError(file, [
      { path: [], message: `is nested more than ${NESTING_MAX} levels deep` },
    ]);
  if (yaml) checkAliases(file, text, value);
  let places: ((mistake: Mistake) => Mistake) | undefined;
  return {
    value,
    place(mistake) {
      places ??= placesIn(text);
      return places(mistake);
    },
  };
}

/** Tells whether a value is nested deeper. Goes level by level, because recursion may overflow. */
function isDeeper(value: unknown, levels: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= levels; depth++) {
    const below = new Set(
      level
        .flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []))
        .filter((item) => typeof item === "object" && item !== null),
    );
    if (below.size === 0) return false;
    level = [...below];
  }
  return true;
}

function parseJsonText(file: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new ManifestError(file, [breakIn(text, messageOf(cause))], cause);
  }
}

/** Finds the place of a JSON syntax error in the message of Node; the end if it names none. */
function breakIn(text: string, message: string): Mistake {
  const found = /position (\d+)/.exec(message);
  const offset = found === null ? text.length : Number(found[1]);
  const before = text.slice(0, offset).split("\n");
  const what = message.replace(/ in JSON at position.*$/s, "").replace(/, (\.\.\.)?".*$/s, "");
  return {
    path: [],
    message: `is not valid JSON: ${what}`,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
  };
}

/** Finds the places of mistakes. The YAML parser knows places, and reads JSON too. */
function placesIn(text: string): (mistake: Mistake) => Mistake {
  // It takes about a second for each megabyte: of a longer text, the path of a mistake is enough.
  if (text.length > PLACED_MAX_CHARS) return (mistake) => mistake;
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    logLevel: "silent",
    uniqueKeys: false,
  });
  return (mistake) => {
    for (let length = mistake.path.length; length >= 0; length--) {
      const node: unknown =
        length === 0 ? document.contents : document.getIn(mistake.path.slice(0, length), true);
      const range = rangeOf(node);
      if (range === undefined) continue;
      const { line, col } = lines.linePos(range);
      return { ...mistake, line, column: col };
    }
    return mistake;
  };
}

function rangeOf(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range))
    return undefined;
  const start: unknown = node.range[0];
  return typeof start === "number" ? start : undefined;
}
