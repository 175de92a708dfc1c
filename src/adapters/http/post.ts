import type { Outgoing } from "./encode.ts";

/** What a subscriber has replied. */
export interface Answered {
  readonly status: number;
  /** The beginning of the body: why an event is refused. */
  readonly reason: string;
  /** What the header Retry-After asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

/** How much of a reply is read. */
const REASON_MAX_BYTES = 1_024;
/** A subscriber cannot keep events back for longer than this with one reply, in milliseconds. */
const RETRY_AFTER_MAX_MS = 300_000;

/** Posts a request, and reads the beginning of the reply. Redirects are not followed. */
export async function post(
  url: string,
  { headers, body }: Outgoing,
  signal: AbortSignal,
): Promise<Answered> {
  const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
  const reason = await beginningOf(response);
  const retryAfterMs = delayOf(response.headers.get("retry-after"), Date.now());
  return { status: response.status, reason, retryAfterMs };
}

async function beginningOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > REASON_MAX_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, REASON_MAX_BYTES).toString().trim();
}

/** Reads Retry-After: seconds, or a date. */
export function delayOf(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const delayMs = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(0, delayMs), RETRY_AFTER_MAX_MS);
}
