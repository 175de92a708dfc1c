import { hash } from "node:crypto";
import { type Birth, birthOf } from "../ports/birth.ts";

/*
 * Ids are UUIDs whose first 48 bits are the millisecond in which the saga began, so that rows of
 * one time lie together in an index. A beginning draws a fresh one (version 7); every other event's
 * id is derived (version 8), so that doing the same work again yields the same id.
 */

/** RFC 9562, version 7. `uuid` is a random one (version 4), whose random bits are kept. */
export function beginningId(now: number, uuid: string): string {
  return `${birthOf(now)}-7${uuid.slice(15)}`;
}

/** What an event answers: its id derives from these. */
export interface EmittingWork {
  /** `payment/order.placed.v1`: service and reaction. */
  readonly consumer: string;
  /**
   * The identity of the work: of the event that was heard, or of the saga for what happens once in
   * it.
   */
  readonly source: string;
  readonly id: string;
}

/**
 * RFC 9562, version 8: SHA-256 of the work and the ordinal of the emission, behind the birth of the
 * saga. Parts cannot run into each other, since no identifier contains a newline.
 */
export function derivedId(work: EmittingWork, ordinal: number, birth: Birth | undefined): string {
  const { consumer, source, id } = work;
  const digest = hash("sha256", `${consumer}\n${source}\n${id}\n${ordinal}`, "hex");
  const time = birth ?? untimed(digest.slice(32, 44));
  // The variant's two bits are 10: one of 8, 9, a, b.
  const variant = "89ab"[Number.parseInt(digest.slice(3, 4), 16) & 3];
  return `${time}-8${digest.slice(0, 3)}-${variant}${digest.slice(4, 7)}-${digest.slice(8, 20)}`;
}

/** In place of a time: a hash that lies too far in the future to be read as one. */
function untimed(hex: string): string {
  const first = (Number.parseInt(hex.slice(0, 1), 16) | 8).toString(16);
  return `${first}${hex.slice(1, 8)}-${hex.slice(8)}`;
}
