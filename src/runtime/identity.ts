import { hash } from "node:crypto";
import { birthIn, timeGroups } from "../ports/birth.ts";
import type { Received } from "../ports/bookkeeping.ts";

/*
 * Ids are UUIDs whose first 48 bits are the millisecond in which the saga began, so that rows of
 * one time lie together in an index. A beginning draws a fresh one (version 7); every other event's
 * id is derived (version 8), so that doing the same work again yields the same id.
 */

/** How far the clock of another system may be off, in milliseconds. */
const CLOCK_OFF_MAX_MS = 24 * 3_600_000;

/** RFC 9562, version 7. `uuid` is a random one (version 4), whose random bits are kept. */
export function beginningId(now: number, uuid: string): string {
  return `${timeGroups(now)}-7${uuid.slice(15)}`;
}

/**
 * When a saga began, in milliseconds since 1970: as the store knows it, or the ids of the events at
 * hand. A saga of which nothing says it began with the event at hand, if its `time` can be right.
 */
export function bornAt(
  { born, gathered }: Pick<Received, "born" | "gathered">,
  { id, time }: { readonly id: string; readonly time?: string },
  now: number,
): number {
  const ids = [id, ...gathered.map(({ event }) => event.id)];
  const times = [born, ...ids.map((one) => birthIn(one, now))].filter((one) => one !== undefined);
  if (times.length > 0) return Math.min(...times);
  const said = Date.parse(time ?? "");
  return Math.abs(said - now) <= CLOCK_OFF_MAX_MS ? said : now;
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
export function derivedId(work: EmittingWork, ordinal: number, born: number): string {
  const { consumer, source, id } = work;
  const digest = hash("sha256", `${consumer}\n${source}\n${id}\n${ordinal}`, "hex");
  // The variant's two bits are 10: one of 8, 9, a, b.
  const variant = "89ab"[Number.parseInt(digest.slice(3, 4), 16) & 3];
  const tail = `8${digest.slice(0, 3)}-${variant}${digest.slice(4, 7)}-${digest.slice(8, 20)}`;
  return `${timeGroups(born)}-${tail}`;
}
