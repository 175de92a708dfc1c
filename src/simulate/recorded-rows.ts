import { stemOf } from "../contract/grammar.ts";
import type { JournalEntry } from "../ports/journal.ts";
import type { RecordedStep } from "./record.ts";

/** What a run has come to so far. */
export interface Reaction {
  readonly service: string;
  readonly reaction: string;
  readonly disposition: string;
  /** The event heard. */
  readonly id: string;
  /** The events emitted. */
  readonly emitted: readonly string[];
}

/** The reaction that a row of the journal of a service tells of. */
export function reactionIn(service: string, entry: JournalEntry): Reaction {
  const { reaction, disposition, id, emitted } = entry;
  return { service, reaction, disposition, id, emitted: emitted.map((one) => one.id) };
}

/** What a run has done for one event at one reaction. */
interface DoneRow {
  readonly dispositions: Set<string>;
  /** As of the last row that has emitted something. */
  emitted: readonly string[];
}

/** An event, as a run hands it over. */
export interface Handed {
  readonly type: string;
  readonly id: string;
}

/** Finds what a run has done of each recorded step: the ids of a run are its own. */
export class RecordedRows {
  readonly #steps: readonly RecordedStep[];
  readonly #done: readonly Reaction[];
  #read = 0;
  readonly #rows = new Map<string, DoneRow>();
  /** By service, reaction and disposition: the ids of the rows, in order. */
  readonly #byKind = new Map<string, string[]>();
  /** By service and type: the ids of the events that have come, in order. */
  readonly #came = new Map<string, string[]>();
  /** How many steps like it are before each step. */
  readonly #places = new Map<RecordedStep, number>();
  /** The event of this run that a step hears, or by which its row is known. */
  readonly #ids = new Map<RecordedStep, string>();
  /** The steps of which that is not known yet, in order. */
  #open: readonly RecordedStep[];
  /** By service and id. */
  readonly #hearing = new Map<string, RecordedStep[]>();

  /** `done` grows while the run goes on. */
  constructor(steps: readonly RecordedStep[], done: readonly Reaction[]) {
    this.#steps = steps;
    this.#done = done;
    this.#open = steps;
    const counts = new Map<string, number>();
    for (const step of steps) {
      const { service, reaction, disposition, heard } = step;
      const key = keyOf(service, reaction, hearsNothing(step) ? disposition : stemHeard(heard));
      const place = counts.get(key) ?? 0;
      this.#places.set(step, place);
      counts.set(key, place + 1);
    }
  }

  /** An event comes to a service. */
  take(service: string, event: Handed): void {
    if (this.hasTaken(service, event)) return;
    pushTo(this.#came, keyOf(service, stemHeard(event.type)), event.id);
    this.#settle();
  }

  /** Whether the event has come to the service before. */
  hasTaken(service: string, { type, id }: Handed): boolean {
    return this.#came.get(keyOf(service, stemHeard(type)))?.includes(id) === true;
  }

  /** The steps that hear an event. */
  hearing(service: string, { id }: Handed): readonly RecordedStep[] {
    this.#readOn();
    return this.#hearing.get(keyOf(service, id)) ?? [];
  }

  /** Whether the event of a step has come to its service. */
  hasCome(step: RecordedStep): boolean {
    const { service, heard: type } = step;
    const id = this.idOf(step);
    return type !== undefined && id !== undefined && this.hasTaken(service, { type, id });
  }

  /** Whether the run has come to what is recorded of a step. */
  hasComeTo(step: RecordedStep): boolean {
    const id = this.idOf(step);
    if (id === undefined) return false;
    const row = this.#rows.get(keyOf(step.service, step.reaction, id));
    return row?.dispositions.has(step.disposition) === true;
  }

  /** The event of this run that a step hears; undefined as long as it is not there. */
  idOf(step: RecordedStep): string | undefined {
    this.#readOn();
    return this.#ids.get(step);
  }

  #readOn(): void {
    if (this.#read === this.#done.length) return;
    for (const { service, reaction, disposition, id, emitted } of this.#done.slice(this.#read)) {
      const key = keyOf(service, reaction, id);
      const row = this.#rows.get(key) ?? { dispositions: new Set(), emitted };
      this.#rows.set(key, row);
      if (emitted.length > 0) row.emitted = emitted;
      if (row.dispositions.has(disposition)) continue;
      row.dispositions.add(disposition);
      pushTo(this.#byKind, keyOf(service, reaction, disposition), id);
    }
    this.#read = this.#done.length;
    this.#settle();
  }

  /** In order, so that a step is known before those that it has caused. */
  #settle(): void {
    this.#open = this.#open.filter((step) => {
      const id = this.#find(step);
      if (id === undefined) return true;
      this.#ids.set(step, id);
      pushTo(this.#hearing, keyOf(step.service, id), step);
      return false;
    });
  }

  #find(step: RecordedStep): string | undefined {
    const { service, reaction, disposition, heard, from } = step;
    const place = this.#places.get(step) ?? 0;
    if (hearsNothing(step)) return this.#byKind.get(keyOf(service, reaction, disposition))?.[place];
    if (from === undefined) return this.#came.get(keyOf(service, stemHeard(heard)))?.[place];
    const emitter = this.#steps[from.step];
    const id = emitter && this.#ids.get(emitter);
    if (emitter === undefined || id === undefined) return undefined;
    return this.#rows.get(keyOf(emitter.service, emitter.reaction, id))?.emitted[from.emitted];
  }
}

/** A beginning and a deadline: the first recorded one is the first one of the run. */
function hearsNothing({ disposition, heard }: RecordedStep): boolean {
  return disposition === "expired" || heard === undefined;
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

function pushTo<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The stem of the type of an event; empty where none is heard. */
export function stemHeard(type: string | undefined): string {
  return type === undefined ? "" : stemOf(type);
}
