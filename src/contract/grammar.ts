import { OdoriError } from "./errors.ts";

/**
 * The name of an event type: `<domain>.<fact>.v<N>`, as far as the type system can express it.
 * `event()` enforces the whole grammar.
 *
 * @example
 * ```ts
 * import type { TypeName } from "odori";
 *
 * const type: TypeName = "payment.authorized.v1";
 * ```
 */
export type TypeName = `${string}.${string}.v${number}`;

/** The parts of a type name. */
export interface ParsedTypeName {
  /** The owner of the event: `payment`. */
  readonly domain: string;
  /** The fact in the past tense: `authorized`. */
  readonly fact: string;
  readonly version: number;
}

/** Longest type name: with a prefix it must fit into the subject or topic of a broker. */
const TYPE_NAME_MAX_CHARS = 128;
const WORDS = "[a-z][a-z0-9]*(?:_[a-z0-9]+)*";
const TYPE_NAME = new RegExp(`^(${WORDS})\\.(${WORDS})\\.v([1-9][0-9]{0,3})$`);
const SERVICE_NAME = new RegExp(`^${WORDS}$`);
const SERVICE_NAME_MAX_CHARS = 64;

/** Parses a type name. Throws `NAME_GRAMMAR`. */
export function parseTypeName(name: string): ParsedTypeName {
  const match = name.length <= TYPE_NAME_MAX_CHARS ? TYPE_NAME.exec(name) : null;
  if (match === null) {
    throw new OdoriError("NAME_GRAMMAR", `${quote(name)} is not an event type.`, {
      hint:
        "Write <domain>.<fact>.v<N> in lower case with snake_case words, at most " +
        `${TYPE_NAME_MAX_CHARS} characters: "payment.authorized.v1".`,
    });
  }
  return { domain: match[1] ?? "", fact: match[2] ?? "", version: Number(match[3]) };
}

const VERSION = /\.v\d+$/;

/**
 * Returns a type name without its version: `payment.authorized`. All versions are one fact, so a
 * store identifies a delivery by the stem.
 *
 * @example
 * ```ts
 * import { stemOf } from "odori/adapter";
 *
 * console.log(stemOf("payment.authorized.v2")); // payment.authorized
 * ```
 */
export function stemOf(type: string): string {
  return type.replace(VERSION, "");
}

/**
 * Checks the name of a service: one group of snake_case words in lower case, since it names groups,
 * tables and files. Throws `NAME_GRAMMAR`.
 */
export function checkServiceName(name: string): void {
  if (name.length <= SERVICE_NAME_MAX_CHARS && SERVICE_NAME.test(name)) return;
  throw new OdoriError("NAME_GRAMMAR", `${quote(name)} is not a service name.`, {
    hint: `Use lower case and snake_case, at most ${SERVICE_NAME_MAX_CHARS} characters: "payment".`,
  });
}

/**
 * Makes a value from outside safe to show in a message: at most 80 characters, none of them control
 * characters, or characters that change the direction of text.
 */
export function quote(value: unknown): string {
  const text = typeof value === "string" ? value : String(value);
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    "?",
  );
}
