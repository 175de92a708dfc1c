import { compile } from "../check/compile.ts";
import { Machine } from "../check/machine.ts";
import type {
  ArrivalSource,
  DeadlineSource,
  DeliverySource,
  Effect,
  Model,
  TransitionSource,
} from "../check/model.ts";
import { StateSet } from "../check/states.ts";
import { partSuppressed } from "../check/suppress.ts";
import type { Violation } from "../check/violation.ts";
import { stemOf } from "../contract/grammar.ts";
import { type Named, storedName, watchName } from "../contract/names.ts";
import { deadlineName, type Manifest, reactionName } from "../manifest/manifest.ts";
import { outcomeInModel } from "./outcomes.ts";

/** With more states than this, no list of what can happen is made. */
const FORESEEN_MAX = 200_000;

/** What the checker says can happen in a choreography. */
export interface Foreseen {
  /** Each state of a saga, as `stateKey` names it. */
  readonly states: ReadonlySet<number>;
  /** Each outcome of a reaction or a deadline, as the journals name it. */
  readonly outcomes: ReadonlySet<string>;
}

/** Finds the transitions of the checker's model by the names that the runtime stores. */
export class MachineMap {
  readonly model: Model;
  readonly machine: Machine;
  /** Whether the marks of a saga follow from its journal. */
  readonly follows: boolean;
  readonly #deliveries = new Map<string, DeliverySource>();
  readonly #deadlines = new Map<string, DeadlineSource>();
  readonly #arrivals = new Map<string, ArrivalSource>();
  readonly #effects = new Map<string, Effect>();
  readonly #effectsOf: ReadonlyMap<string, readonly Effect[]>;
  readonly #manifest: Manifest;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.model = compile(manifest);
    this.machine = new Machine(this.model);
    const services = [...manifest.services.values()];
    this.follows = services.every(({ inbox, fence }) => inbox && fence);
    for (const source of this.model.sources) this.#add(source);
    this.#effectsOf = Map.groupBy(this.model.effects, ({ service }) => service);
    for (const effect of this.model.effects)
      this.#effects.set(`${effect.service} ${effect.stored} ${effect.key ?? ""}`, effect);
  }

  delivery(service: string, reaction: string, type: string): DeliverySource | undefined {
    return this.#deliveries.get(`${service} ${reaction} ${stemOf(type)}`);
  }

  deadline(service: string, reaction: string): DeadlineSource | undefined {
    return this.#deadlines.get(`${service} ${reaction}`);
  }

  /** `place` is that of the key among those of the model. */
  effect(service: string, stored: string, place: number | undefined): Effect | undefined {
    return this.#effects.get(`${service} ${stored} ${place ?? ""}`);
  }

  effectsOf(service: string): readonly Effect[] {
    return this.#effectsOf.get(service) ?? [];
  }

  arrival(type: string): ArrivalSource | undefined {
    return this.#arrivals.get(stemOf(type));
  }

  /** Whether the declarations accept a finding, as `odori check` reads them. */
  accepts({ code, message, service, event }: Violation): boolean {
    const at = { ...(service !== undefined && { service }), ...(event !== undefined && { event }) };
    const finding = { code, message, at, severity: "error" } as const;
    return partSuppressed(this.#manifest, [finding]).suppressed.length > 0;
  }

  /** Every state and outcome that the model has; undefined if there are too many. */
  foresee(): Foreseen | undefined {
    const { model } = this;
    const machine = new Machine(model);
    const states = new StateSet(model.size);
    const [row, after] = [new Int32Array(model.size / 4), new Int32Array(model.size / 4)];
    const [bytes, next] = [new Uint8Array(row.buffer), new Uint8Array(after.buffer)];
    const keys = new Set<number>();
    const outcomes = new Set<string>();
    for (const beginning of model.beginnings) {
      machine.begin(next, beginning);
      states.add(after, -1, 0, 0);
    }
    for (let at = 0; at < states.count; at++) {
      if (states.count > FORESEEN_MAX) return undefined;
      states.read(at, row);
      keys.add(stateKey(row));
      const sources: TransitionSource[] = [];
      machine.enabled(bytes, sources, sources);
      for (const source of sources)
        for (const choice of machine.choices(bytes, source)) {
          after.set(row);
          machine.apply(next, source, choice);
          const outcome = outcomeInModel(source, choice);
          if (outcome !== undefined) outcomes.add(outcome);
          states.add(after, at, source.index, choice);
        }
    }
    return { states: keys, outcomes };
  }

  #add(source: TransitionSource): void {
    if (source.kind === "arrival") this.#arrivals.set(stemOf(source.type), source);
    if (source.kind === "deadline") {
      const { service, entry } = source.deadline;
      this.#deadlines.set(`${service.name} ${storedName(namedDeadline(entry))}`, source);
    }
    if (source.kind !== "delivery") return;
    const { reaction, deadline, types } = source;
    const service = (reaction ?? deadline)?.service.name;
    const name =
      reaction === undefined
        ? watchName(storedName(namedDeadline(deadline?.entry)))
        : storedName({ name: reactionName(reaction.entry), was: reaction.entry.was });
    for (const type of types) this.#deliveries.set(`${service} ${name} ${stemOf(type)}`, source);
  }
}

function namedDeadline(
  entry: { name: string | undefined; emits: string; was: readonly string[] } | undefined,
): Named {
  if (entry === undefined) return { name: "", was: [] };
  return { name: deadlineName(entry), was: entry.was };
}

/** A hash of 53 bits of a state. */
export function stateKey(row: Int32Array): number {
  let high = 0x811c9dc5;
  let low = 0x01234567;
  for (let at = 0; at < row.length; at++) {
    const word = row[at] ?? 0;
    high = Math.imul(high ^ word, 0x01000193);
    high ^= high >>> 15;
    low = Math.imul(low ^ (word + at), 0x85ebca6b);
    low ^= low >>> 13;
  }
  return (high >>> 0) * 2 ** 21 + ((low >>> 0) & 0x1f_ffff);
}
