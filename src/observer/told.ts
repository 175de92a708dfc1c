import type { ServiceHistory } from "../observe/summary.ts";
import type { JournalRecord } from "../ports/journal.ts";

/** Where and when an event was emitted. */
interface Emitted {
  readonly service: string;
  readonly at: number;
}

const NO_PARTS: readonly ServiceHistory[] = [];
const found = new WeakMap<readonly ServiceHistory[], ReadonlyMap<string, Emitted>>();

/** Where and when each event of a saga was emitted, by its id. Several ask for the same saga. */
export function emissionsIn(parts: readonly ServiceHistory[]): ReadonlyMap<string, Emitted> {
  const known = found.get(parts);
  if (known !== undefined) return known;
  const emissions = new Map<string, Emitted>();
  for (const { service, history } of parts)
    for (const { emitted, at } of history.journal)
      for (const { id } of emitted) emissions.set(id, { service, at });
  found.set(parts, emissions);
  return emissions;
}

/** A delivery of an event to a reaction. */
interface ToldDelivery {
  readonly service: string;
  readonly reaction: string;
  readonly id: string;
}

/** What the feeds have told of sagas, with the pages that are read now. */
export class Told {
  readonly #sagas: ReadonlyMap<string, readonly ServiceHistory[]>;
  /** Numbers of the rows that the pages have, by service. */
  readonly #now: ReadonlyMap<string, ReadonlySet<number>>;

  /**
   * @param sagas each as the feeds have told it
   * @param pages the rows that are read now, by service
   */
  constructor(
    sagas: ReadonlyMap<string, readonly ServiceHistory[]>,
    pages: ReadonlyMap<string, readonly JournalRecord[]>,
  ) {
    this.#sagas = sagas;
    this.#now = new Map([...pages].map(([one, rows]) => [one, new Set(rows.map(seqOf))]));
  }

  /** When the event of a row was emitted; undefined as long as no feed has told it. */
  emittedAt({ sagaId, id }: JournalRecord): number | undefined {
    return emissionsIn(this.#sagas.get(sagaId) ?? NO_PARTS).get(id)?.at;
  }

  /** The rows of a delivery, in the saga of a row, that earlier pages have told. */
  before(
    { sagaId }: JournalRecord,
    { service, reaction, id }: ToldDelivery,
  ): readonly JournalRecord[] {
    const part = this.#sagas.get(sagaId)?.find((one) => one.service === service);
    const isNow = (seq: number) => this.#now.get(service)?.has(seq) === true;
    return (part?.history.journal ?? []).filter(
      (row) => row.reaction === reaction && row.id === id && !isNow(row.seq),
    );
  }
}

function seqOf({ seq }: JournalRecord): number {
  return seq;
}
