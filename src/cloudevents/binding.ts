import { OdoriError } from "../contract/errors.ts";

/**
 * How a protocol carries an event in binary mode: each attribute is a header, and the body is the
 * payload. From `bindings/` of the CloudEvents specification, 1.0.2.
 */
export interface Binding {
  /** Prefixes of a header that is an attribute. The first is written, all are read. */
  readonly prefixes: readonly string[];
  /** The header that contains the payload's media type. */
  readonly contentType: string;
  /** Whether header values are percent-encoded ASCII. */
  readonly percent: boolean;
}

/** The HTTP protocol binding: `ce-id`. */
export const HTTP: Binding = { prefixes: ["ce-"], contentType: "content-type", percent: true };
/** The NATS protocol binding: `ce-id`. */
export const NATS: Binding = {
  prefixes: ["ce-"],
  contentType: "ce-datacontenttype",
  percent: true,
};
/** The Kafka protocol binding: `ce_id`. */
export const KAFKA: Binding = { prefixes: ["ce_"], contentType: "content-type", percent: false };
/** The AMQP 1.0 binding: `cloudEvents:id`, or `cloudEvents_id` where a colon is not allowed. */
export const AMQP: Binding = {
  prefixes: ["cloudEvents:", "cloudEvents_"],
  contentType: "content-type",
  percent: false,
};

// HTTP binding, 3.1.3.2: space, double quote, percent and everything outside printable ASCII.
const ENCODED = /[^\u0021\u0023\u0024\u0026-\u007e]/gu;

/** Encodes the value of a header. */
export function encodeValue({ percent }: Binding, value: string): string {
  return percent ? value.replace(ENCODED, (char) => encodeURIComponent(char)) : value;
}

/** Decodes the value of a header; throws `ATTRIBUTE_INVALID` if it is not UTF-8. */
export function decodeValue({ percent }: Binding, value: string): string {
  if (!percent) return value;
  const bare = /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, "$1") : value;
  try {
    // A percent sign that does not begin an escape is literal: HTTP binding, 3.1.3.2.
    return bare.replace(/(?:%[0-9a-f]{2})+/gi, (run) => decodeURIComponent(run));
  } catch (cause) {
    throw new OdoriError("ATTRIBUTE_INVALID", "A header is not percent-encoded UTF-8.", { cause });
  }
}
