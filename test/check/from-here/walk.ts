import { storedDeadline, storedReaction } from "../../../src/manifest/hazards.ts";
import type { Manifest } from "../../../src/manifest/manifest.ts";
import type { ServiceHistory } from "../../../src/observe/summary.ts";
import type { Disposition, JournalRecord } from "../../../src/ports/journal.ts";
import type { Node, Start } from "./graph.ts";

/** Draws numbers from 0 to `below`, without it. */
export type Draw = (below: number) => number;

/** A moment of one saga: what the interpreter knows, and what the journals tell. */
export interface Moment {
  readonly node: Node;
  /** In any order. */
  readonly histories: readonly ServiceHistory[];
  /** Whether each event from outside was heard: nothing tells of others. */
  readonly told: boolean;
  /** The types that the steps after this one emit. */
  readonly future: readonly string[];
}

interface Row {
  readonly service: string;
  readonly record: JournalRecord;
}

/** Steps of one saga at most. */
const STEPS_MAX = 40;

/** Walks at random through what may happen, and writes the journals that services would write. */
export function walk(manifest: Manifest, starts: readonly Start[], draw: Draw): readonly Moment[] {
  const journals = new Journals(manifest, draw);
  const start = starts[draw(starts.length)];
  if (start === undefined) return [];
  const moments: Omit<Moment, "future">[] = [];
  const emitted: (readonly string[])[] = [];
  let { node } = start;
  journals.write({}, start);
  const look = () => moments.push({ node, histories: journals.histories(), told: journals.told });
  look();
  for (let steps = 0; steps < STEPS_MAX && node.next.length > 0; steps++) {
    const step = node.next[draw(node.next.length)];
    if (step === undefined) break;
    journals.write(node.state.pending, step);
    emitted.push(step.said.emits);
    node = step.node;
    look();
  }
  return moments.map((moment, at) => ({ ...moment, future: emitted.slice(at).flat() }));
}

class Journals {
  readonly #manifest: Manifest;
  readonly #draw: Draw;
  readonly #rows: Row[] = [];
  /** By the interpreter's name of a delivery: the ids of the events that are under way. */
  readonly #underWay = new Map<string, string[]>();
  readonly #outside = new Set<string>();
  /** By service: how much its clock is ahead. */
  readonly #clocks = new Map<string, number>();
  #events = 0;

  constructor(manifest: Manifest, draw: Draw) {
    this.#manifest = manifest;
    this.#draw = draw;
    // Of two services, only their clocks say which one took a lock first.
    if (manifest.locks.length > 0) return;
    for (const name of manifest.services.keys()) this.#clocks.set(name, draw(20));
  }

  get told(): boolean {
    return [...this.#outside].every((id) => this.#rows.some(({ record }) => record.id === id));
  }

  write(before: Readonly<Record<string, number>>, { node, said }: Start): void {
    const { service, hears, place, emits, did, effect } = said;
    const emitted = emits.map((type) => ({ id: `e${this.#events++}`, type }));
    const key = JSON.stringify([service, place, hears]);
    const heard = hears === null ? undefined : this.#take(key);
    for (const { id, type } of emitted)
      for (const [delivery, count] of Object.entries(node.state.pending)) {
        if (JSON.parse(delivery)[2] !== type) continue;
        const taken = delivery === key ? 1 : 0;
        if (count <= (before[delivery] ?? 0) - taken) continue;
        this.#underWay.set(delivery, [...(this.#underWay.get(delivery) ?? []), id]);
      }
    if (service === null) {
      for (const { id } of emitted) this.#outside.add(id);
      return;
    }
    const id = heard ?? emitted[0]?.id ?? `d${this.#events++}`;
    const type = hears ?? emits[0] ?? "";
    this.#put(
      service,
      this.#nameOf(service, place, hears !== null),
      id,
      type,
      did,
      effect,
      emitted,
    );
  }

  /** What each service has, its rows in any order; some deliveries have been put off. */
  histories(): readonly ServiceHistory[] {
    const rows = [...this.#rows, ...this.#putOff()];
    return [...this.#manifest.services.keys()].map((service) => {
      const journal = shuffled(
        rows.filter((row) => row.service === service).map(({ record }) => record),
        this.#draw,
      );
      const known = { born: 0, last: 0, sagaId: "s", correlationId: "s" };
      return { service, history: { ...known, journal, deferred: [] } };
    });
  }

  #take(delivery: string): string | undefined {
    const ids = this.#underWay.get(delivery) ?? [];
    const [id] = ids.splice(this.#draw(ids.length), 1);
    return id;
  }

  #put(
    service: string,
    reaction: string,
    id: string,
    type: string,
    disposition: Disposition,
    effect: string | undefined,
    emitted: JournalRecord["emitted"],
  ): void {
    this.#rows.push({
      service,
      record: this.#record(service, reaction, id, type, disposition, effect, emitted),
    });
  }

  #record(
    service: string,
    reaction: string,
    id: string,
    type: string,
    disposition: Disposition,
    effect: string | undefined,
    emitted: JournalRecord["emitted"],
  ): JournalRecord {
    const n = this.#rows.length;
    const key = { reaction, source: "/x", id, type, sagaId: "s" };
    const rest = { causationId: undefined, fingerprint: undefined, duplicates: 0 };
    const at = n + (this.#clocks.get(service) ?? 0);
    return { ...key, ...rest, disposition, effect, emitted, seq: n, at };
  }

  /** Rows of deliveries that have failed, or wait behind another one. */
  #putOff(): readonly Row[] {
    return [...this.#underWay].flatMap(([delivery, ids]) =>
      ids.flatMap((id) => {
        if (this.#draw(4) > 0) return [];
        const [service, place, type] = JSON.parse(delivery);
        const how = this.#draw(2) === 0 ? "retrying" : "waiting";
        const name = this.#nameOf(service, place, true);
        return [{ service, record: this.#record(service, name, id, type, how, undefined, []) }];
      }),
    );
  }

  #nameOf(service: string, place: number | string | null, heard: boolean): string {
    const { reactions = [], deadlines = [] } = this.#manifest.services.get(service) ?? {};
    if (place === null) return "begin";
    if (typeof place === "number") {
      const entry = reactions[place];
      return entry === undefined ? "" : storedReaction(entry);
    }
    const deadline = deadlines[Number(place.slice(1))];
    const name = deadline === undefined ? "" : storedDeadline(deadline);
    return heard ? `watch ${name}` : name;
  }
}

function shuffled<T>(list: readonly T[], draw: Draw): readonly T[] {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = draw(at + 1);
    const [one, two] = [copy[at], copy[other]];
    if (one === undefined || two === undefined) continue;
    [copy[at], copy[other]] = [two, one];
  }
  return copy;
}
