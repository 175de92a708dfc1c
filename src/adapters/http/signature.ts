import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { OdoriError } from "../../contract/errors.ts";

/* Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks. Its library takes
 * the body as a string, which changes bytes that are not UTF-8, and computes SHA-256 itself. */

const PREFIX = "whsec_";
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const KEY_BYTES = { least: 24, most: 64 } as const;
/** How far the time of a signature may be from now, in seconds: older ones may be replays. */
const TOLERANCE_S = 300;
const SECONDS = /^\d{1,12}$/;

/** Reads a secret, `whsec_` and base64; throws `OPTION_INVALID`, which does not contain it. */
export function secretKey(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : "";
  const key = BASE64.test(text) ? Buffer.from(text, "base64") : Buffer.alloc(0);
  if (key.length >= KEY_BYTES.least && key.length <= KEY_BYTES.most) return key;
  throw new OdoriError("OPTION_INVALID", "A secret is not one of Standard Webhooks.", {
    hint: `Write whsec_ and ${KEY_BYTES.least} to ${KEY_BYTES.most} random bytes in base64.`,
  });
}

/**
 * Signs a body with each key, so that a receiver needs to know only one of them. The id is a hash
 * of the body: an event that is sent again has the same.
 */
export function signatureHeaders(
  keys: readonly Buffer[],
  body: string,
  nowMs: number,
): Readonly<Record<string, string>> {
  const id = `msg_${hash("sha256", body, "hex")}`;
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = keys.map((key) => `v1,${sign(key, id, timestamp, body).toString("base64")}`);
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

/** Says what is wrong with the signature of a request; undefined: one of the keys has made it. */
export function signatureProblem(
  keys: readonly Buffer[],
  headers: Headers,
  body: Uint8Array,
  nowMs: number,
): string | undefined {
  const id = headers.get("webhook-id") ?? "";
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const signatures = headers.get("webhook-signature") ?? "";
  if (id === "" || signatures === "" || !SECONDS.test(timestamp)) return "the request is unsigned";
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_S)
    return `webhook-timestamp is more than ${TOLERANCE_S} seconds from now`;
  const given = signatures
    .split(" ")
    .filter((one) => one.startsWith("v1,"))
    .map((one) => Buffer.from(one.slice("v1,".length), "base64"));
  const known = keys.some((key) => {
    const expected = sign(key, id, timestamp, body);
    return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
  });
  return known ? undefined : "no secret has made the signature";
}

function sign(key: Buffer, id: string, timestamp: string, body: Uint8Array | string): Buffer {
  return createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
}
