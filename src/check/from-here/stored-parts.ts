import { stemOf } from "../../contract/grammar.ts";
import { watchName } from "../../contract/names.ts";
import { storedDeadline, storedReaction } from "../../manifest/hazards.ts";
import type {
  ArrivalSource,
  DeliverySource,
  Effect,
  Model,
  ModelDeadline,
  ModelEmission,
  ModelReaction,
} from "../model.ts";

/** Finds the parts of a model by the names under which the stores keep them. */
export class StoredParts {
  readonly model: Model;
  readonly #reactions = new Map<string, ModelReaction>();
  readonly #deadlines = new Map<string, ModelDeadline>();
  readonly #effects = new Map<string, Effect[]>();
  readonly #emissions = new Map<string, ModelEmission>();
  readonly #outside = new Map<string, ModelEmission>();
  /** By type and by stem, the emission of any service: what hears an event is the same for each. */
  readonly #anyones = new Map<string, ModelEmission>();
  readonly #arrivals = new Map<string, ArrivalSource>();

  constructor(model: Model) {
    this.model = model;
    for (const one of model.reactions)
      this.#reactions.set(keyOf(one.service.name, storedReaction(one.entry)), one);
    for (const one of model.deadlines)
      this.#deadlines.set(keyOf(one.service.name, storedDeadline(one.entry)), one);
    for (const one of model.effects) {
      const key = keyOf(one.service, one.stored);
      this.#effects.set(key, [...(this.#effects.get(key) ?? []), one]);
    }
    for (const { service, emits } of model.beginnings) this.#keep(service, emits);
    for (const { service, choices } of [...model.reactions, ...model.deadlines])
      for (const { emits } of choices) this.#keep(service.name, emits);
    for (const source of model.sources) {
      if (source.kind !== "arrival") continue;
      this.#keep(undefined, source.emits);
      for (const name of [source.type, stemOf(source.type)]) this.#arrivals.set(name, source);
    }
  }

  reaction(service: string, stored: string): ModelReaction | undefined {
    return this.#reactions.get(keyOf(service, stored));
  }

  deadline(service: string, stored: string): ModelDeadline | undefined {
    return this.#deadlines.get(keyOf(service, stored));
  }

  /** The mark of an effect, and those of its keys. */
  effects(service: string, stored: string): readonly Effect[] {
    return this.#effects.get(keyOf(service, stored)) ?? [];
  }

  /** An event as a service emits it; without that version, any version of the fact. */
  emission(service: string, type: string): ModelEmission | undefined {
    const same = this.#emissions.get(keyOf(service, type));
    return same ?? this.#emissions.get(keyOf(service, stemOf(type)));
  }

  /** An event that begins a saga from outside, or arrives. */
  fromOutside(type: string): ModelEmission | undefined {
    return this.#outside.get(type) ?? this.#outside.get(stemOf(type));
  }

  /** Whether an event from outside begins sagas. */
  begins(type: string): boolean {
    const stem = stemOf(type);
    const { beginnings } = this.model;
    return beginnings.some((one) => one.service === undefined && stemOf(one.type) === stem);
  }

  /** An event, whichever service emits it. */
  emittedByAny(type: string): ModelEmission | undefined {
    return this.#anyones.get(type) ?? this.#anyones.get(stemOf(type));
  }

  arrival(type: string): ArrivalSource | undefined {
    return this.#arrivals.get(type) ?? this.#arrivals.get(stemOf(type));
  }

  #keep(service: string | undefined, emits: readonly ModelEmission[]): void {
    for (const emission of emits)
      for (const name of [emission.type, stemOf(emission.type)]) {
        if (service === undefined) this.#outside.set(name, emission);
        else this.#emissions.set(keyOf(service, name), emission);
        this.#anyones.set(name, emission);
      }
  }
}

/** The name under which the store keeps a delivery, with its service. */
export function hearerOf({ reaction, deadline }: DeliverySource): {
  readonly service: string;
  readonly stored: string;
} {
  const service = (reaction ?? deadline)?.service.name ?? "";
  if (reaction !== undefined) return { service, stored: storedReaction(reaction.entry) };
  return {
    service,
    stored: deadline === undefined ? "" : watchName(storedDeadline(deadline.entry)),
  };
}

function keyOf(service: string, name: string): string {
  return `${service}\n${name}`;
}
