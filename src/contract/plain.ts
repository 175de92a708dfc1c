import { OdoriError } from "./errors.ts";

/** A value that JSON can carry. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** A payload that `toPlain` has copied. */
export interface PlainData {
  /** A frozen copy. It lacks properties that were `undefined`, as JSON does. */
  readonly data: Plain;
  /** Upper bound of its size as JSON text, in bytes. */
  readonly bytesAtMost: number;
}

/**
 * Deepest nesting of a payload, in levels: an event needs keys alone, and a parser of a consumer
 * may recurse.
 */
export const DEPTH_MAX = 32;

// The worst case: JSON.stringify writes a UTF-16 unit as `\uXXXX`, six bytes.
const BYTES_PER_CHAR_MAX = 6;
const BYTES_PER_NUMBER_MAX = 25;

/**
 * Copies a payload, and thereby proves that it survives the wire unchanged: a consumer sees the
 * same payload on every bus. Throws `PAYLOAD_NOT_JSON` with the path of the first value that cannot
 * travel: a Date, a Map, NaN, a bigint, a key `__proto__`, nesting beyond `DEPTH_MAX`.
 */
export function toPlain(value: unknown): PlainData {
  const walk = new Walk();
  const data = walk.copy(value, 0);
  return { data, bytesAtMost: walk.bytes };
}

class Walk {
  bytes = 0;
  readonly #path: (string | number)[] = [];

  copy(value: unknown, depth: number): Plain {
    switch (typeof value) {
      case "string":
        this.#check(value, "text");
        this.bytes += 2 + value.length * BYTES_PER_CHAR_MAX;
        return value;
      case "number":
        if (!Number.isFinite(value)) throw this.#refuse(String(value), "JSON has no such number.");
        this.bytes += BYTES_PER_NUMBER_MAX;
        // JSON text has no -0: the in-process bus would deliver another value than a broker.
        return value === 0 ? 0 : value;
      case "boolean":
        this.bytes += 5;
        return value;
      case "object":
        if (value === null) {
          this.bytes += 4;
          return null;
        }
        if (depth >= DEPTH_MAX)
          throw this.#refuse(
            `nesting deeper than ${DEPTH_MAX} levels`,
            "Flatten it: keys are enough in an event.",
          );
        return Array.isArray(value) ? this.#array(value, depth) : this.#object(value, depth);
      default:
        throw this.#refuse(
          `a ${typeof value}`,
          "Events carry JSON: turn it into text or a number.",
        );
    }
  }

  #array(value: readonly unknown[], depth: number): Plain {
    const copy: Plain[] = [];
    for (let i = 0; i < value.length; i++) {
      this.bytes += 1;
      this.#path.push(i);
      copy.push(this.copy(value[i], depth + 1));
      this.#path.pop();
    }
    this.bytes += 2;
    return Object.freeze(copy);
  }

  #object(value: object, depth: number): Plain {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw this.#refuse(
        `a ${value.constructor?.name ?? "class instance"}`,
        "Events carry JSON: turn it into text, a number or a plain object.",
      );
    }
    const copy: Record<string, Plain> = {};
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      if (key === "__proto__") throw this.#refuse('an object with a key "__proto__"', "Rename it.");
      this.#check(key, "an object whose key is text");
      this.bytes += 4 + key.length * BYTES_PER_CHAR_MAX;
      this.#path.push(key);
      copy[key] = this.copy(member, depth + 1);
      this.#path.pop();
    }
    this.bytes += 2;
    return Object.freeze(copy);
  }

  #check(text: string, what: string): void {
    if (!text.isWellFormed())
      throw this.#refuse(`${what} with a lone surrogate`, "Make it well-formed Unicode.");
    if (text.includes("\u0000"))
      throw this.#refuse(`${what} with U+0000`, "Remove it: a database may refuse such text.");
  }

  #refuse(what: string, hint: string): OdoriError {
    const place = ["data", ...this.#path].join(".").slice(0, 200);
    return new OdoriError("PAYLOAD_NOT_JSON", `${place} is ${what}.`, { hint });
  }
}
