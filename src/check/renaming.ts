import {
  type Manifest,
  type ReactionEntry,
  type ServiceEntry,
  typesEmittedBy,
} from "../manifest/manifest.ts";
import { type Renaming, Sameness } from "./same.ts";

/*
 * Finds legs that look alike. Two services are aligned, reaction by reaction, which pairs their
 * events; events that others emit pair further services. The guess is then verified: the
 * choreography with all names exchanged must be the same choreography.
 */

/** Limits the services of one leg. */
const LEG_MAX = 8;
/** Limits the pairs of services that are compared. */
const PAIRS_MAX = 2_000;

/**
 * Returns groups of legs that look alike, each as the renamings of one leg to the next: one fewer
 * than there are legs.
 */
export function legsIn(manifest: Manifest): readonly (readonly Renaming[])[] {
  const groups: (readonly Renaming[])[] = [];
  const used = new Set<string>();
  const finder = new RenamingFinder(manifest);
  const byShape = Map.groupBy(manifest.services.values(), shapeOf);
  let pairs = 0;
  for (const alike of byShape.values()) {
    for (const [index, first] of alike.entries()) {
      if (used.has(first.name) || pairs > PAIRS_MAX) continue;
      const renamings: Renaming[] = [];
      let last = first.name;
      for (const { name } of alike.slice(index + 1)) {
        if (used.has(name)) continue;
        if (++pairs > PAIRS_MAX) break;
        const renaming = finder.find(last, name);
        if (renaming === undefined) continue;
        renamings.push(renaming);
        for (const renamed of renaming.services.keys()) used.add(renamed);
        last = name;
      }
      if (renamings.length > 0) groups.push(renamings);
    }
  }
  return groups;
}

/** Tells apart most services that cannot be exchanged. */
function shapeOf({ begins, reactions, deadlines }: ServiceEntry): string {
  const sizes = reactions.map(({ kind, hears, emits, fails, late, undoes }) =>
    [
      kind,
      hears.length,
      emits.flat().length,
      fails.length,
      late.length,
      undoes !== undefined,
    ].join(),
  );
  return [begins.length, deadlines.length, ...sizes].join(" ");
}

class RenamingFinder {
  readonly #manifest: Manifest;
  readonly #emitters = new Map<string, string[]>();
  readonly #sameness: Sameness;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.#sameness = new Sameness(manifest);
    for (const { name, begins, reactions, deadlines } of manifest.services.values()) {
      const types = [
        ...begins,
        ...reactions.flatMap(typesEmittedBy),
        ...deadlines.map(({ emits }) => emits),
      ];
      for (const type of new Set(types))
        this.#emitters.set(type, [...(this.#emitters.get(type) ?? []), name]);
    }
  }

  /** Returns the renaming that exchanges two services, and what goes with them. */
  find(one: string, other: string): Renaming | undefined {
    const guess = new Guess(this.#manifest, this.#emitters);
    if (!guess.pair(one, other)) return undefined;
    return this.#sameness.of(guess) ? guess : undefined;
  }
}

/** Pairs names, starting from two services. */
class Guess implements Renaming {
  readonly services = new Map<string, string>();
  readonly types = new Map<string, string>();
  readonly #manifest: Manifest;
  readonly #emitters: ReadonlyMap<string, readonly string[]>;
  readonly #open: [string, string][] = [];

  constructor(manifest: Manifest, emitters: ReadonlyMap<string, readonly string[]>) {
    this.#manifest = manifest;
    this.#emitters = emitters;
  }

  /** Returns false where names contradict each other. */
  pair(one: string, other: string): boolean {
    if (!this.#pairServices(one, other)) return false;
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      const [a, b] = next.map((name) => this.#manifest.services.get(name));
      if (a === undefined || b === undefined || !this.#align(a, b)) return false;
      if (this.services.size > 2 * LEG_MAX) return false;
    }
    return true;
  }

  #pairServices(one: string, other: string): boolean {
    const known = this.services.get(one) ?? this.services.get(other);
    if (known !== undefined) return this.services.get(one) === other;
    this.services.set(one, other).set(other, one);
    this.#open.push([one, other]);
    return true;
  }

  #pairTypes(one: string, other: string): boolean {
    if (one === other) return !this.types.has(one);
    if (this.types.has(one) || this.types.has(other)) return this.types.get(one) === other;
    this.types.set(one, other).set(other, one);
    const [first = [], second = []] = [one, other].map((type) => this.#emitters.get(type));
    const [emitter, ...more] = first;
    const [others, ...evenMore] = second;
    if (emitter === undefined || others === undefined || emitter === others) return true;
    // With several emitters, another pair of services tells which is which.
    return more.length + evenMore.length > 0 || this.#pairServices(emitter, others);
  }

  #align(a: ServiceEntry, b: ServiceEntry): boolean {
    const [first, second] = [a, b].map(({ begins, reactions, deadlines }) => [
      begins,
      ...reactions.flatMap(outcomesOf),
      ...deadlines.map(({ emits }) => [emits]),
    ]);
    if (!this.#pairLists(first ?? [], second ?? [])) return false;
    return (
      a.reactions.every((reaction, place) =>
        this.#pairHeard(reaction.hears, b.reactions[place]?.hears ?? []),
      ) &&
      a.deadlines.every(({ after, unless }, place) => {
        const same = b.deadlines[place];
        return (
          same !== undefined &&
          this.#pairHeard([after], [same.after]) &&
          this.#pairHeard(unless, same.unless)
        );
      })
    );
  }

  #pairLists(a: readonly (readonly string[])[], b: readonly (readonly string[])[]): boolean {
    return (
      a.length === b.length &&
      a.every(
        (types, place) =>
          types.length === b[place]?.length &&
          types.every((type, index) => this.#pairTypes(type, b[place]?.[index] ?? "")),
      )
    );
  }

  /** Pairs what is heard by one alone with what is heard by the other alone, in their order. */
  #pairHeard(a: readonly string[], b: readonly string[]): boolean {
    const restOfA = a.filter((type) => !b.includes(this.types.get(type) ?? type));
    const restOfB = b.filter((type) => !a.includes(this.types.get(type) ?? type));
    return this.#pairLists([restOfA], [restOfB]);
  }
}

function outcomesOf({ emits, fails, late, onParked }: ReactionEntry) {
  return [...emits, ...fails, ...late, onParked === undefined ? [] : [onParked]];
}
