import { EffectNames, storedAmong } from "../choreography/effects.ts";
import { stemOf } from "../contract/grammar.ts";
import type { ReactionEntry, ServiceEntry } from "../manifest/manifest.ts";
import type { Effect, KeyedMarks, ModelReaction, Variable } from "./model.ts";

/** Two keys stand for any number. */
const KEYS = [0, 1] as const;

interface Bytes {
  take(variable: Variable): number;
}

/** What one version of a service says of its effects. */
interface Version {
  readonly service: ServiceEntry;
  readonly names: EffectNames;
  /** Effects of which there is a mark without a key. */
  readonly bare: ReadonlySet<string>;
  readonly lasting: ReadonlySet<string>;
}

type Marked = Pick<ModelReaction, "effects" | "keys" | "ofAllKeys" | "outcomeEffects">;

/**
 * The marks of one service's effects, by the names under which the runtime stores them: the name of
 * the effect, and for each of two keys the name with the key. Versions of a service share them.
 */
export class EffectMarks {
  readonly #home: string;
  readonly #versions: readonly Version[];
  readonly #bytes: Bytes;
  readonly #marks = new Map<string, Effect>();
  /** By stored name: how each version calls the effect. */
  readonly #named = new Map<string, (Version & { readonly name: string })[]>();

  constructor(
    home: string,
    services: readonly ServiceEntry[],
    ends: ReadonlyMap<string, number>,
    bytes: Bytes,
  ) {
    this.#home = home;
    this.#bytes = bytes;
    this.#versions = services.map((service) => {
      const names = new EffectNames(service);
      const lasting = lastingOf(service, names, ends);
      return { service, names, bare: bareOf(service, names), lasting };
    });
    for (const version of this.#versions) {
      for (const name of new Set([...version.names.all(), ...version.names.undone])) {
        const stored = storedIn(version.service, name);
        this.#named.set(stored, [...(this.#named.get(stored) ?? []), { ...version, name }]);
      }
    }
    for (const version of this.#versions) {
      for (const type of version.service.begins) this.#mark(version, stemOf(type), undefined);
      for (const reaction of version.service.reactions) this.of(reaction, version.service);
    }
  }

  get all(): readonly Effect[] {
    return [...this.#marks.values()];
  }

  /** Lists the marks under one stored name, with a key or without. */
  under(stored: string, keyed: boolean): readonly Effect[] {
    const keys = keyed ? KEYS : [undefined];
    return keys.flatMap((key) => this.#marks.get(idOf(stored, key)) ?? []);
  }

  of(entry: ReactionEntry, service: ServiceEntry): Marked {
    const version = this.#versions.find((one) => one.service === service);
    if (version === undefined) throw new Error(`no effects of ${service.name}`);
    const { names: naming, bare: unkeyed } = version;
    const ofAllKeys = entry.keyed === "all";
    const keys = entry.keyed === true ? KEYS : [undefined];
    const undo = entry.kind === "undo";
    const names = undo ? entry.emits.map(() => entry.undoes) : naming.of(entry);
    const outcomeEffects = keys.map((key) =>
      names.map((name) => (name === undefined ? undefined : this.#mark(version, name, key))),
    );
    const own = [...new Set(names.filter((name) => name !== undefined))];
    const marks = keys.map((key): KeyedMarks => {
      const all = ofAllKeys ? [undefined, ...KEYS] : [key];
      const bare = key === undefined ? [] : own.filter((name) => unkeyed.has(name));
      return {
        effects: own.flatMap((name) => all.map((one) => this.#mark(version, name, one))),
        barredBy: bare.map((name) => this.#mark(version, name, undefined)),
      };
    });
    const effects = [...new Set(marks.flatMap((one) => one.effects))];
    return { effects, keys: marks, ofAllKeys, outcomeEffects };
  }

  #mark({ service }: Version, name: string, key: number | undefined): Effect {
    const stored = storedIn(service, name);
    const known = this.#marks.get(idOf(stored, key));
    if (known !== undefined) return known;
    const same = this.#named.get(stored) ?? [];
    const events = same.flatMap((version) => version.names.eventsOf(version.name));
    const shown = same[0]?.name ?? name;
    const mark: Effect = {
      service: this.#home,
      // An effect with a name of its own is shown by it, others by their event.
      type: events.find((type) => stemOf(type) === shown) ?? shown,
      stored,
      key,
      events: new Set(events),
      at: this.#bytes.take({
        kind: "effect",
        service: this.#home,
        effect: stored,
        ...(key !== undefined && { local: `${key}` }),
      }),
      undone: same.some((version) => version.names.undone.has(version.name)),
      needsUndo: same.some((version) => version.lasting.has(version.name)),
      after: [],
    };
    this.#marks.set(idOf(stored, key), mark);
    return mark;
  }
}

function idOf(stored: string, key: number | undefined): string {
  return JSON.stringify([stored, key]);
}

function storedIn({ reactions }: ServiceEntry, name: string): string {
  const declared = reactions.flatMap(({ effect, effectWas }) =>
    effect === undefined ? [] : [{ name: effect, was: effectWas }],
  );
  return storedAmong(declared, name);
}

function bareOf({ begins, reactions }: ServiceEntry, names: EffectNames): ReadonlySet<string> {
  const unkeyed = reactions.filter(({ keyed }) => keyed !== true);
  return new Set(
    [
      ...begins.map(stemOf),
      ...unkeyed.flatMap((entry) => [entry.undoes ?? [], names.of(entry)].flat(2)),
    ].filter((name) => name !== undefined),
  );
}

/** Effects that a failed saga must have undone: all but those whose every outcome is an end. */
function lastingOf(
  { begins, reactions }: ServiceEntry,
  names: EffectNames,
  ends: ReadonlyMap<string, number>,
): ReadonlySet<string> {
  return new Set([
    ...begins.map(stemOf),
    ...names.undone,
    ...reactions.flatMap((reaction) =>
      names
        .of(reaction)
        .filter((_, place) => !reaction.emits[place]?.some((type) => ends.has(type)))
        .filter((name) => name !== undefined),
    ),
  ]);
}
