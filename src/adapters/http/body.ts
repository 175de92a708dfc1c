import { type Reply, refusalOf } from "./reply.ts";

/** Largest body: an event of the greatest size, or a batch. Other brokers have this limit too. */
const BODY_MAX_BYTES = 1024 * 1024;
/** A larger body is read to its end, and dropped: a sender may hear no reply before. */
const DROPPED_MAX_BYTES = 4 * BODY_MAX_BYTES;

/** A request whose body is left unread cannot be followed by another on its connection. */
const LAST = { connection: "close" };

/** A body that arrives in pieces. */
export type Pieces = AsyncIterable<Uint8Array>;

/** Reads a body of at most `BODY_MAX_BYTES` within `limitMs`; else returns the reply. */
export async function collectBody(
  pieces: Pieces | null,
  headers: Headers,
  limitMs: number,
): Promise<Uint8Array | Reply> {
  const tooLarge = refusalOf(413, `A body has at most ${BODY_MAX_BYTES} bytes.`, LAST);
  if (Number(headers.get("content-length")) > DROPPED_MAX_BYTES) return tooLarge;
  if (pieces === null) return new Uint8Array();
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(() => resolve("late"), limitMs);
  try {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    // Without `for await`: leaving such a loop would close the connection before the reply.
    for (const source = pieces[Symbol.asyncIterator](); ; ) {
      const next = await Promise.race([source.next(), late]);
      if (next === "late") return refusalOf(408, "The body has not arrived in time.", LAST);
      if (next.done === true) break;
      bytes += next.value.byteLength;
      if (bytes <= BODY_MAX_BYTES) chunks.push(next.value);
      else if (bytes > DROPPED_MAX_BYTES) return tooLarge;
    }
    return bytes > BODY_MAX_BYTES ? tooLarge : Buffer.concat(chunks);
  } catch {
    return refusalOf(400, "The body has not arrived whole.", LAST);
  } finally {
    clearTimeout(timer);
  }
}
