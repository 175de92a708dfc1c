import { OdoriError } from "./errors.ts";
import { quote } from "./grammar.ts";

/**
 * An event as it travels: the attributes of CloudEvents 1.0, and the saga that it belongs to.
 * Its identity is (`source`, `id`). On the wire the attributes are in lower case: `sagaid`.
 *
 * @example
 * ```ts
 * import type { EventEnvelope } from "odori";
 *
 * const envelope: EventEnvelope<"order.placed.v1", { readonly orderId: string }> = {
 *   specversion: "1.0",
 *   id: "0197c2f0-7d1a-7cc1-8b0e-6a1f5c1c7e11",
 *   type: "order.placed.v1",
 *   source: "/order",
 *   time: "2026-01-02T03:04:05.678Z",
 *   sagaId: "o-1",
 *   correlationId: "o-1",
 *   data: { orderId: "o-1" },
 * };
 * ```
 */
export interface EventEnvelope<TType extends string = string, TData = unknown> {
  readonly specversion: "1.0";
  readonly id: string;
  readonly type: TType;
  /** The service that emitted the event, as a URI reference: `/payment`. */
  readonly source: string;
  /** The time of the emission, as RFC 3339 in UTC. */
  readonly time: string;
  /** The object that the event is about, within the source. */
  readonly subject?: string;
  readonly sagaId: string;
  /** The business transaction; it may span several sagas. By default the saga. */
  readonly correlationId: string;
  /** The id of the event that led to this one; absent on the first of a saga. */
  readonly causationId?: string;
  /** The place of the event in a trace: that of its cause, or of the delivery that emitted it. */
  readonly traceparent?: string;
  /** What tracing systems add to `traceparent`; absent without one. */
  readonly tracestate?: string;
  readonly data: TData;
}

/** The attributes of a message. Malformed bytes have only the first four. */
export interface MessageHead {
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly sagaId: string;
  readonly time?: string;
  readonly correlationId?: string;
  readonly causationId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/**
 * Longest value of an attribute, in UTF-16 units: identifiers end up in keys, headers and indexes.
 */
export const ATTRIBUTE_MAX_CHARS = 256;

// CloudEvents 1.0, "Type System", String: no U+0000-001F, no U+007F-009F, no surrogates that are
// not a pair, no noncharacters.
const FORBIDDEN = new RegExp(
  [
    "[\\u0000-\\u001f\\u007f-\\u009f\\ufdd0-\\ufdef\\ufffe\\uffff]",
    "[\\ud800-\\udbff](?![\\udc00-\\udfff])",
    "(?<![\\ud800-\\udbff])[\\udc00-\\udfff]",
  ].join("|"),
);

/**
 * Returns `value` if it may be the value of an attribute: printable text that is not empty.
 * Throws `ATTRIBUTE_INVALID` otherwise.
 *
 * @example
 * ```ts
 * import { checkAttribute } from "odori/adapter";
 *
 * const sagaId = checkAttribute("sagaId", "o-1");
 * ```
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
