import { isDeepStrictEqual } from "node:util";
import { copyJson } from "./copy.ts";
import { codeOf, OdoriError } from "./errors.ts";
import { DEPTH_MAX, type Plain, toPlain } from "./plain.ts";
import { isRecord, isSameJson } from "./same.ts";

/*
 * What travels is JSON, and the schema parses it again where it arrives. A schema may yield what
 * JSON cannot carry, or parse its own yield to something else. So the JSON is found by trial: it
 * travels only if the schema makes of it what it has made of the input.
 */

/** A payload as it travels, and as it arrives. */
export interface Travelling<Data> {
  /** What travels. */
  readonly json: Plain;
  /** What the schema yields where it arrives. */
  readonly data: Data;
  /** Upper bound of the size of `json` as text, in bytes. */
  readonly bytesAtMost: number;
}

/**
 * Finds the JSON that travels for a payload. `parse` is the schema, and `yielded` is what it made
 * of `input`. The first of these travels that parses to `yielded` again:
 *
 * 1. `yielded`, with a date as ISO text and a bigint as decimal text;
 * 2. `input` without the fields that `yielded` lacks;
 * 3. `input`.
 *
 * Throws `PAYLOAD_NOT_JSON` or `PAYLOAD_CHANGES`.
 */
export function toTravel<Data>(
  type: string,
  input: unknown,
  yielded: Data,
  parse: (data: unknown) => Data,
): Travelling<Data> {
  if (isSameJson(yielded, input)) {
    const { data, bytesAtMost } = toPlain(yielded);
    if (isCopyOf(yielded, data)) return { json: data, data, bytesAtMost };
  }
  const sending = (sent: unknown): Travelling<Data> | undefined => {
    const { data: json, bytesAtMost } = toPlain(sent);
    const data = parse(copyJson(json));
    return isSameYield(data, yielded) ? { json, data, bytesAtMost } : undefined;
  };
  const found =
    attempt(() => sending(jsonOf(yielded))) ??
    attempt(() => sending(withoutDropped(input, yielded))) ??
    // The error of the last attempt is thrown: it names the place of what is not JSON.
    sending(input);
  if (found !== undefined) return found;
  throw new OdoriError(
    "PAYLOAD_CHANGES",
    `The payload of ${type} would be another one where it arrives.`,
    {
      hint:
        "The schema neither accepts its own yield nor yields the same twice. Make values such as " +
        "ids before the contract is called.",
    },
  );
}

/** `toPlain` copies JSON or throws, so its result has the type of its argument; stated here. */
function isCopyOf<T>(original: T, copy: unknown): copy is T & Plain {
  return typeof original === typeof copy;
}

const EXPECTED: readonly string[] = ["PAYLOAD_INVALID", "PAYLOAD_NOT_JSON"];

function attempt<T>(make: () => T | undefined): T | undefined {
  try {
    return make();
  } catch (error) {
    if (EXPECTED.includes(codeOf(error))) return undefined;
    throw error;
  }
}

/** The yield as JSON, as `JSON.stringify` would write it; a bigint is decimal text. */
function jsonOf(value: unknown, depth = 0): unknown {
  if (typeof value === "bigint") return String(value);
  // `toPlain` refuses what is deeper.
  if (typeof value !== "object" || value === null || depth > DEPTH_MAX) return value;
  if (Array.isArray(value)) return value.map((item) => jsonOf(item, depth + 1));
  if (isRecord(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, jsonOf(item, depth + 1)]),
    );
  if ("toJSON" in value && typeof value.toJSON === "function")
    return jsonOf(value.toJSON(), depth + 1);
  return value;
}

/** Drops fields that the schema has dropped: they may be secrets of the emitter. */
function withoutDropped(input: unknown, yielded: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX || typeof input !== "object" || input === null) return input;
  if (typeof yielded !== "object" || yielded === null) return input;
  if (Array.isArray(input)) {
    if (!Array.isArray(yielded) || yielded.length !== input.length) return input;
    return input.map((item, i) => withoutDropped(item, yielded[i], depth + 1));
  }
  if (!isRecord(input) || !isRecord(yielded)) return input;
  return Object.fromEntries(
    Object.keys(input)
      .filter((key) => Object.hasOwn(yielded, key))
      .map((key) => [key, withoutDropped(input[key], yielded[key], depth + 1)]),
  );
}

/** Whether two yields of a schema are the same value. A field that is undefined is not there. */
function isSameYield(a: unknown, b: unknown, depth = 0): boolean {
  if (a === b || depth > DEPTH_MAX) return a === b;
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null)
    return Number.isNaN(a) && Number.isNaN(b);
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => isSameYield(item, b[i], depth + 1));
  if (isRecord(a) && isRecord(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => isSameYield(a[key], b[key], depth + 1));
  }
  // Two objects of a class may differ in private fields alone, which their JSON shows.
  return isDeepStrictEqual(a, b) && isDeepStrictEqual(jsonOf(a), jsonOf(b));
}
