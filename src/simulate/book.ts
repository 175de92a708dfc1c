import type { Manifest } from "../manifest/manifest.ts";
import type { MarkWrite } from "../ports/bookkeeping.ts";
import type { JournalEntry } from "../ports/journal.ts";
import type { SimulationFinding } from "./findings.ts";
import type { MachineMap } from "./machine-map.ts";
import type { SimulatedEnd } from "./options.ts";
import { outcomeInJournal } from "./outcomes.ts";
import { SagaWalk } from "./walk.ts";

interface SagaProgress {
  /** Undefined where the model cannot follow the choreography. */
  readonly walk: SagaWalk | undefined;
  begun: boolean;
  succeeded: boolean;
  failed: boolean;
}

/** What the runs of a simulation have reached. */
export interface Reached {
  /** Outcomes of reactions and deadlines, as `outcomeOf` names them. */
  readonly outcomes: Set<string>;
  /** States of the model. */
  readonly states: Set<number>;
}

/** Keeps how far each saga of a run is, and compares each step with the model. */
export class Book {
  readonly #manifest: Manifest;
  readonly #map: MachineMap;
  readonly #reached: Reached;
  readonly #sagas = new Map<string, SagaProgress>();

  constructor(manifest: Manifest, map: MachineMap, reached: Reached) {
    this.#manifest = manifest;
    this.#map = map;
    this.#reached = reached;
  }

  has(sagaId: string): boolean {
    return this.#sagas.get(sagaId)?.begun === true;
  }

  arrive(sagaId: string, type: string): void {
    this.#of(sagaId).walk?.arrive(type);
  }

  /** Takes a journal row that was committed. Returns what is wrong with it. */
  note(service: string, entry: JournalEntry): SimulationFinding | undefined {
    const saga = this.#of(entry.sagaId);
    this.#reached.outcomes.add(outcomeInJournal(service, entry));
    if (entry.disposition === "begun") saga.begun = true;
    for (const { type } of entry.emitted) {
      if (this.#manifest.succeeds.includes(type)) saga.succeeded = true;
      if (this.#manifest.fails.includes(type)) saga.failed = true;
    }
    const wrong = saga.walk?.step(service, entry);
    return wrong && { ...wrong, sagaId: entry.sagaId };
  }

  /** Takes the marks that were committed beside rows of a saga. Returns what is wrong with them. */
  mark(
    service: string,
    sagaId: string,
    marks: readonly MarkWrite[],
  ): SimulationFinding | undefined {
    const wrong = this.#of(sagaId).walk?.mark(service, marks);
    return wrong && { ...wrong, sagaId };
  }

  /** What is wrong with the sagas now that nothing happens any more. */
  judge({ parked }: { readonly parked: boolean }): readonly SimulationFinding[] {
    return [...this.#sagas].flatMap(([sagaId, { walk, succeeded, failed }]) => {
      // A person decides what becomes of it.
      if (parked) return [];
      if (walk?.follows === true) return walk.judge().map((wrong) => ({ ...wrong, sagaId }));
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
    const { states } = this.#reached;
    const walk = this.#map.follows
      ? new SagaWalk(this.#map, (state) => states.add(state))
      : undefined;
    const saga = { walk, begun: false, succeeded: false, failed: false };
    this.#sagas.set(sagaId, saga);
    return saga;
  }
}
