/**
 * What tells an event that is lost from one that is on its way: what has left the outboxes, and
 * what the bus held afterwards.
 */
export interface Reach {
  /**
   * By hearer, and then by emitter: the events that the emitter committed before this time left its
   * outbox, and later the bus held nothing for the hearer. In milliseconds since 1970, on the clock
   * of the emitter's database.
   */
  readonly settled: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/**
 * Whether nothing brings an event to a hearer any more: no outbox has it, and neither has the bus.
 * If a journal that was read afterwards has no row of it, the hearer never got it. This is the one
 * place that decides so.
 */
export function hasPassed(
  { settled }: Reach,
  emitter: string,
  hearer: string,
  at: number,
): boolean {
  return at < (settled.get(hearer)?.get(emitter) ?? Number.NEGATIVE_INFINITY);
}
