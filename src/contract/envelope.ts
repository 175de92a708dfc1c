import { OdoriError } from "./errors.ts";
import { quote } from "./grammar.ts";

/**
 * An event as it travels: the attributes of CloudEvents 1.0, plus the saga that it belongs to.
 * Its identity is (`source`, `id`). On the wire the camelCase names are lower case (`sagaid`): see
 * `cloudevents/`.
 */
export interface EventEnvelope<TType extends string = string, TData = unknown> {
  readonly specversion: "1.0";
  readonly id: string;
  readonly type: TType;
  /** Who emitted it, a URI reference: `/payment`. */
  readonly source: string;
  /** When it was emitted, RFC 3339. */
  readonly time: string;
  /** What it is about, within the source. */
  readonly subject?: string;
  readonly sagaId: string;
  /** The business transaction, which may span several sagas. */
  readonly correlationId: string;
  /** The id of the event that led to this one; absent on the one that begins a saga. */
  readonly causationId?: string;
  /** W3C trace context in which the saga began. */
  readonly traceparent?: string;
  readonly data: TData;
}

/** Longest attribute value that Odori accepts: identifiers end up in keys, headers and indexes. */
export const ATTRIBUTE_MAX_CHARS = 256;

// CloudEvents 1.0, "Type System", String: no U+0000-001F, no U+007F-009F, no surrogates that are
// not a pair, no noncharacters.
const FORBIDDEN =
  /[\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/**
 * Returns `value` if it may stand in an attribute of an envelope; throws `ATTRIBUTE_INVALID`
 * otherwise.
 */
export function checkAttribute(name: string, value: unknown): string {
  if (typeof value !== "string" || value.length === 0) {
    throw new OdoriError(
      "ATTRIBUTE_INVALID",
      `${name} must be a non-empty string, not ${quote(value)}.`,
    );
  }
  if (value.length > ATTRIBUTE_MAX_CHARS) {
    throw new OdoriError(
      "ATTRIBUTE_INVALID",
      `${name} has ${value.length} characters: ${quote(value)}.`,
      {
        hint: `Use at most ${ATTRIBUTE_MAX_CHARS}.`,
      },
    );
  }
  if (FORBIDDEN.test(value)) {
    throw new OdoriError(
      "ATTRIBUTE_INVALID",
      `${name} contains a control character or broken Unicode: ${quote(value)}.`,
      {
        hint: "CloudEvents attributes are printable text.",
      },
    );
  }
  return value;
}
