import { isScalar, LineCounter, parseDocument, visit, YAMLParseError } from "yaml";
import { messageOf } from "../contract/errors.ts";
import { ManifestError } from "./mistakes.ts";

/** Longest text, in characters. The parser takes a second or two for each million. */
export const YAML_MAX_CHARS = 8 * 1024 * 1024;

/*
 * An alias repeats a node, and a few lines of them stand for any number of nodes. So nodes are
 * counted as if each alias were written out.
 */
const NODE_WEIGHT = 8;
const WEIGHT_LEAST = 1024 * 1024;
/** How much larger than its text a document may become. */
const GROWTH_MAX = 10;

/** Parses YAML. Throws `MANIFEST_INVALID`, with the place of a syntax error. */
export function parseYaml(file: string, text: string): unknown {
  if (text.length > YAML_MAX_CHARS) {
    const message = `has ${text.length} characters; the limit of YAML is ${YAML_MAX_CHARS}`;
    throw new ManifestError(file, [{ path: [], message: `${message}: write JSON` }]);
  }
  return parseChecked(file, text);
}

/**
 * Refuses a value whose aliases stand for far more than `text` has. It must not be nested too
 * deep. Throws `MANIFEST_INVALID`.
 */
export function checkAliases(file: string, text: string, value: unknown): void {
  if (weightOf(value) > Math.max(WEIGHT_LEAST, text.length * GROWTH_MAX)) {
    const message = "is not valid YAML: its aliases stand for too many nodes";
    throw new ManifestError(file, [{ path: [], message: `${message}; write fewer aliases` }]);
  }
}

function parseChecked(file: string, text: string): unknown {
  try {
    const lines = new LineCounter();
    // The parser compares each key of a mapping with all others.
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const twice = keyWrittenTwice(document);
    if (twice !== undefined) {
      const { line, col } = lines.linePos(twice);
      const message = "is not valid YAML: Map keys must be unique";
      throw new ManifestError(file, [{ path: [], message, line, column: col }]);
    }
    return document.toJS({ maxAliasCount: 1_000 });
  } catch (cause) {
    if (cause instanceof ManifestError) throw cause;
    const at = cause instanceof YAMLParseError ? cause.linePos?.[0] : undefined;
    const message = `is not valid YAML: ${messageOf(cause).split("\n")[0]}`;
    throw new ManifestError(
      file,
      [{ path: [], message, ...(at && { line: at.line, column: at.col }) }],
      cause,
    );
  }
}

/** Returns the offset of the first key that its mapping already has. */
function keyWrittenTwice(document: ReturnType<typeof parseDocument>): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map(_, { items }) {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (keys.has(key.value)) {
          found = key.range?.[0] ?? 0;
          return visit.BREAK;
        }
        keys.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

/**
 * Weighs a value: at least its characters as text. A part that occurs twice counts twice, and a
 * circle without end.
 */
export function weightOf(value: unknown): number {
  const known = new Map<object, number>();
  const weigh = (item: unknown): number => {
    if (typeof item === "string") return NODE_WEIGHT + item.length;
    if (typeof item !== "object" || item === null) return NODE_WEIGHT;
    const before = known.get(item);
    if (before !== undefined) return before;
    known.set(item, Number.POSITIVE_INFINITY);
    let weight = NODE_WEIGHT;
    for (const [key, part] of Object.entries(item)) weight += key.length + weigh(part);
    known.set(item, weight);
    return weight;
  };
  return weigh(value);
}
