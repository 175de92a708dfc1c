import { parseTypeName } from "../../contract/grammar.ts";
import { isPast, VERBS } from "./word-forms.ts";

/** An event's name in parts, whether or not it keeps to the grammar. */
export interface NameParts {
  readonly type: string;
  /** Empty where the name has none: `DoPayment`. */
  readonly domain: string;
  /** The words of the fact, in lower case. */
  readonly words: readonly string[];
  readonly version: number;
  /** True if the name is `<domain>.<fact>.v<N>`. */
  readonly grammatical: boolean;
}

/** A longer name is not looked into: no bus carries it. */
const LOOKED_AT_MAX_CHARS = 128;

/** Splits a name into words: `customerEmail` and `customer_email` are two words each. */
export function wordsOf(name = ""): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** Reads a name as a person does: `PaymentAuthorized` is a domain and a fact, too. */
export function nameParts(type: string): NameParts {
  try {
    const { domain, fact, version } = parseTypeName(type);
    return { type, domain, words: fact.split("_"), version, grammatical: true };
  } catch {
    return { type, ...guessed(type.slice(0, LOOKED_AT_MAX_CHARS)), grammatical: false };
  }
}

function guessed(name: string): Pick<NameParts, "domain" | "words" | "version"> {
  const ending = /[._-]?v?(\d{1,4})$/i.exec(name);
  const [bare, version] =
    ending === null ? [name, 1] : [name.slice(0, ending.index), Number(ending[1]) || 1];
  const [head = "", ...rest] = bare.split(".");
  if (rest.length > 0)
    return { domain: wordsOf(head).join("_"), words: wordsOf(rest.join("_")), version };
  const words = wordsOf(head);
  const [first = "", ...fact] = words;
  // `ReserveStock` begins with a verb, `OrderPlaced` with a domain.
  return VERBS.has(first) && !isPast(words.at(-1) ?? "")
    ? { domain: "", words, version }
    : { domain: first, words: fact, version };
}

/** Writes a name in the grammar. */
export function typeNameOf(domain: string, words: readonly string[], version: number): string {
  return `${domain}.${words.join("_")}.v${version}`;
}
