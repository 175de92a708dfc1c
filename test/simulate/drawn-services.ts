import { hash } from "node:crypto";
import { type EventContract, event, PermanentError, Service, type TypeName } from "odori";
import { z } from "zod";
import {
  declareDeadline,
  declareJoin,
  declareStep,
  declareUndo,
} from "../../src/choreography/declare.ts";
import type {
  DeadlineEntry,
  Manifest,
  ManifestOutcome,
  ReactionEntry,
  ServiceEntry,
} from "../../src/manifest/manifest.ts";

/** The keys of effects, in the order of the model's. */
const KEYS = ["0", "1"] as const;

/** How often a handler fails for a while, is given up on, and finds a payload that does not fit. */
const CHANCES = { passing: 0.1, givenUp: 0.15, unfit: 0.03 };

/** The services of a manifest, with handlers that draw one of the declared outcomes. */
export function servicesOf(manifest: Manifest, random: () => number) {
  const contracts = new Map<string, EventContract>();
  const contract = (type: string): EventContract => {
    // Names of the catalogue all follow the grammar.
    const known = contracts.get(type) ?? event(type as TypeName, z.object({}));
    contracts.set(type, known);
    return known;
  };
  const services = [...manifest.services.values()].map((entry) => {
    const cast = new Cast(entry, random, contract);
    const declaration = {
      name: entry.name,
      reactions: entry.reactions.map((reaction, place) => cast.reaction(reaction, place)),
      deadlines: entry.deadlines.map((deadline, place) => cast.deadline(deadline, place)),
      setup: () => {},
      mayPark: entry.mayPark,
      retired: {},
      suppress: {},
    };
    return new Service(declaration, entry.begins.map(contract), []);
  });
  return { services, contract };
}

/** Declares the parts of one service. */
class Cast {
  readonly #entry: ServiceEntry;
  readonly #random: () => number;
  readonly #contract: (type: string) => EventContract;
  readonly #heard = new Map<string, EventContract>();

  constructor(
    entry: ServiceEntry,
    random: () => number,
    contract: (type: string) => EventContract,
  ) {
    this.#entry = entry;
    this.#random = random;
    this.#contract = contract;
  }

  reaction(entry: ReactionEntry, place: number) {
    const { kind, hears, undoes, emits, fails, once, max, late, readonly, onEmpty } = entry;
    const name = entry.name ?? `reaction ${place}`;
    const timed = once !== undefined || max !== undefined;
    const common = {
      name,
      ...(once !== undefined && { firstOf: once }),
      ...(max !== undefined && { max }),
      emits: this.#outcomes(emits),
      fails: this.#outcomes(fails),
      // What is late and silent has no handler, as where a user declares none.
      ...(timed &&
        late.flat().length > 0 && {
          late: { emits: this.#outcomes(late), handle: () => this.#work(late) },
        }),
      ...this.#onParked(entry.onParked),
      handle: () => this.#work([...emits, ...fails]),
    };
    const heard = hears.map((type) => this.#hear(type));
    if (kind === "join") {
      const optional = entry.optional.map((type) => this.#hear(type));
      return declareJoin(heard, { ...common, readonly, optional });
    }
    const key = ({ id }: { readonly id: string }) =>
      KEYS[Number.parseInt(hash("sha1", `${name} ${id}`, "hex").slice(0, 2), 16) % 2] ?? KEYS[0];
    if (kind === "undo") {
      const undo = { ...common, on: heard, onEmpty };
      if (entry.keyed === "all") return declareUndo(undoes ?? "", { ...undo, key: "all" });
      return declareUndo(undoes ?? "", { ...undo, ...(entry.keyed && { key }) });
    }
    return declareStep(heard, { ...common, ...(entry.keyed === true && { key }), readonly });
  }

  deadline({ after, unless, emits, onParked }: DeadlineEntry, place: number) {
    return declareDeadline(this.#hear(after), {
      name: `deadline ${place}`,
      after: 1 + Math.floor(this.#random() * 20),
      unless: unless.map((type) => this.#hear(type)),
      emits: [this.#contract(emits)],
      ...this.#onParked(onParked),
      handle: () => this.#work([[emits]])[0],
    });
  }

  #onParked(type: string | undefined) {
    if (type === undefined) return {};
    const emits = this.#contract(type);
    return { onParked: { emits, handle: () => emits.from({}) } };
  }

  /** A contract of the service's own: where it may park, some payloads do not fit. */
  #hear(type: string): EventContract {
    const fits = () => !this.#entry.mayPark || this.#random() > CHANCES.unfit;
    const known = this.#heard.get(type) ?? event(type as TypeName, z.object({}).refine(fits));
    this.#heard.set(type, known);
    return known;
  }

  #outcomes(outcomes: readonly ManifestOutcome[]) {
    return outcomes.map((outcome) => outcome.map((type) => this.#contract(type)));
  }

  #work(outcomes: readonly ManifestOutcome[]) {
    if (this.#random() < CHANCES.passing) throw new Error("passing");
    if (this.#entry.mayPark && this.#random() < CHANCES.givenUp)
      throw new PermanentError("given up");
    const outcome = outcomes[Math.floor(this.#random() * outcomes.length)] ?? [];
    return outcome.map((type) => this.#contract(type).from({}));
  }
}
