import type { Field } from "./fields.ts";
import { wordsOf } from "./name-parts.ts";
import { wordSet } from "./word-set.ts";

/** Fields that the envelope carries, by the name that it has there. */
const ON_THE_ENVELOPE: ReadonlyMap<string, string> = new Map([
  ["saga_id", "sagaId"],
  ["correlation_id", "correlationId"],
  ["causation_id", "causationId"],
  ["event_id", "id"],
  ["event_type", "type"],
  ["occurred_at", "time"],
  ["specversion", "specversion"],
  ["spec_version", "specversion"],
]);
/** Where an event is a thing that people go to, its id is a key like any other. */
const OCCASIONS = wordSet(`
  booking calendar concert event events festival registration seat ticket tickets venue
`);

/** Returns the name under which the envelope carries a field of the payload. */
export function onTheEnvelope({ path }: Field, domain: string): string | undefined {
  const name = wordsOf(path.at(-1)).join("_");
  if (path.length > 1 || (name === "event_id" && OCCASIONS.has(domain))) return undefined;
  return ON_THE_ENVELOPE.get(name);
}

const MONEY = wordSet("amount balance cost fee price subtotal");
const MONEY_JAPANESE = /金額|料金|価格|代金/;
/** With one of these words a number counts something else, or whole units. */
const NOT_MONEY = wordSet(`
  cents count factor index micros minor percent percentage points rate ratio score units
  weight yen
`);

/** Tells whether a field is an amount of money that may have any fraction. */
export function isFractionalMoney({ path, schema }: Field): boolean {
  const name = path.at(-1) ?? "";
  const words = wordsOf(name);
  const money = words.some((word) => MONEY.has(word)) || MONEY_JAPANESE.test(name);
  return money && !words.some((word) => NOT_MONEY.has(word)) && isFractional(schema);
}

function isFractional(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null || !("type" in schema)) return false;
  return schema.type === "number" && !("multipleOf" in schema);
}
