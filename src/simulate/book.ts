import type { Manifest } from "../manifest/manifest.ts";
import type { MarkWrite } from "../ports/bookkeeping.ts";
import type { JournalEntry } from "../ports/journal.ts";
import type { SimulationFinding } from "./findings.ts";
import type { KnownWalks, WalkPlace } from "./known-walks.ts";
import type { SimulatedEnd } from "./options.ts";

interface SagaProgress {
  place: WalkPlace;
  begun: boolean;
  succeeded: boolean;
  failed: boolean;
}

/** Keeps how far each saga of a run is, and compares each step with the model. */
export class Book {
  readonly #manifest: Manifest;
  readonly #walks: KnownWalks;
  readonly #sagas = new Map<string, SagaProgress>();

  constructor(manifest: Manifest, walks: KnownWalks) {
    this.#manifest = manifest;
    this.#walks = walks;
  }

  has(sagaId: string): boolean {
    return this.#sagas.get(sagaId)?.begun === true;
  }

  arrive(sagaId: string, type: string): void {
    const saga = this.#of(sagaId);
    saga.place = this.#walks.arrive(saga.place, type).to;
  }

  /** Takes a journal row that was committed. Returns what is wrong with it. */
  note(service: string, entry: JournalEntry): SimulationFinding | undefined {
    const { sagaId } = entry;
    const saga = this.#of(sagaId);
    if (entry.disposition === "begun") saga.begun = true;
    for (const { type } of entry.emitted) {
      if (this.#manifest.succeeds.includes(type)) saga.succeeded = true;
      if (this.#manifest.fails.includes(type)) saga.failed = true;
    }
    const { to, wrong } = this.#walks.note(saga.place, service, entry);
    saga.place = to;
    return wrong && { ...wrong, sagaId };
  }

  /** Takes the marks that were committed beside rows of a saga. Returns what is wrong with them. */
  mark(
    service: string,
    sagaId: string,
    marks: readonly MarkWrite[],
  ): SimulationFinding | undefined {
    const saga = this.#of(sagaId);
    const { to, wrong } = this.#walks.mark(saga.place, service, marks);
    saga.place = to;
    return wrong && { ...wrong, sagaId };
  }

  /** What is wrong with the sagas now that nothing happens any more. */
  judge({ parked }: { readonly parked: boolean }): readonly SimulationFinding[] {
    // A person decides what becomes of it.
    if (parked) return [];
    return [...this.#sagas].flatMap(([sagaId, { place, succeeded, failed }]) => {
      if (place.follows) return this.#walks.judge(place).map((wrong) => ({ ...wrong, sagaId }));
      if (succeeded && failed)
        return [{ code: "MIXED_END", message: "a saga both succeeds and fails", sagaId }];
      if (succeeded || failed) return [];
      return [{ code: "STUCK", message: "the saga has no end: nothing is left to happen", sagaId }];
    });
  }

  ends(): ReadonlyMap<string, SimulatedEnd> {
    return new Map(
      [...this.#sagas].map(([sagaId, { succeeded, failed }]) => [
        sagaId,
        succeeded ? "succeeded" : failed ? "failed" : "open",
      ]),
    );
  }

  #of(sagaId: string): SagaProgress {
    const known = this.#sagas.get(sagaId);
    if (known !== undefined) return known;
    const saga = { place: this.#walks.start, begun: false, succeeded: false, failed: false };
    this.#sagas.set(sagaId, saga);
    return saga;
  }
}
