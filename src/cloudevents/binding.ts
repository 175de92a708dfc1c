import { OdoriError } from "../contract/errors.ts";

/**
 * How a protocol carries the attributes of an event in binary mode: as headers, the payload alone
 * as the body. From `bindings/` of the CloudEvents specification, 1.0.2.
 */
export interface Binding {
  /** What stands before an attribute's name; the first is written, all are read. */
  readonly prefixes: readonly string[];
  /** The header that names the payload's media type. */
  readonly contentType: string;
  /** Whether header values are ASCII, with everything else percent-encoded. */
  readonly percent: boolean;
}

export const HTTP: Binding = { prefixes: ["ce-"], contentType: "content-type", percent: true };
export const NATS: Binding = {
  prefixes: ["ce-"],
  contentType: "ce-datacontenttype",
  percent: true,
};
export const KAFKA: Binding = { prefixes: ["ce_"], contentType: "content-type", percent: false };
/**
 * Written for AMQP 1.0, where a colon is legal; the underscore is for those that cannot write one.
 */
export const AMQP: Binding = {
  prefixes: ["cloudEvents:", "cloudEvents_"],
  contentType: "content-type",
  percent: false,
};

// HTTP binding, 3.1.3.2: space, double quote, percent and everything outside printable ASCII.
const ENCODED = /[^\u0021\u0023\u0024\u0026-\u007e]/gu;

export function encodeValue({ percent }: Binding, value: string): string {
  return percent ? value.replace(ENCODED, (char) => encodeURIComponent(char)) : value;
}

/** Throws `ATTRIBUTE_INVALID` where the percent signs make no sense. */
export function decodeValue({ percent }: Binding, value: string): string {
  if (!percent) return value;
  const bare = /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, "$1") : value;
  try {
    // A percent sign that begins no escape stands for itself: HTTP binding, 3.1.3.2.
    return bare.replace(/(?:%[0-9a-f]{2})+/gi, (run) => decodeURIComponent(run));
  } catch (cause) {
    throw new OdoriError("ATTRIBUTE_INVALID", "A header is not percent-encoded UTF-8.", { cause });
  }
}
