import type { ServiceHistory } from "../observe/summary.ts";
import type { JournalRecord } from "../ports/journal.ts";

/** When each event of a saga was emitted, by its id. */
export function emissionTimes(parts: readonly ServiceHistory[]): ReadonlyMap<string, number> {
  return new Map(
    parts.flatMap(({ history }) =>
      history.journal.flatMap(({ emitted, at }) => emitted.map(({ id }) => [id, at] as const)),
    ),
  );
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
  readonly #emitted = new Map<string, ReadonlyMap<string, number>>();
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
    const known = this.#emitted.get(sagaId) ?? emissionTimes(this.#sagas.get(sagaId) ?? []);
    this.#emitted.set(sagaId, known);
    return known.get(id);
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
