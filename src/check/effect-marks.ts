import { EffectNames, storedAmong } from "../choreography/effects.ts";
import { stemOf } from "../contract/grammar.ts";
import type { ReactionEntry, ServiceEntry } from "../manifest/manifest.ts";
import type { Effect, KeyedMarks, ModelReaction, Variable } from "./model.ts";

/** Two keys stand for any number. */
const KEYS = [0, 1] as const;

interface Bytes {
  take(variable: Variable): number;
}

/**
 * The marks of one service's effects, by the names under which the runtime stores them: the name of
 * the effect, and for each of two keys the name with the key.
 */
export class EffectMarks {
  readonly #service: ServiceEntry;
  readonly #names: EffectNames;
  readonly #ends: ReadonlyMap<string, number>;
  readonly #bytes: Bytes;
  readonly #marks = new Map<string, Effect>();
  readonly #lasting: ReadonlySet<string>;
  /** Effects of which there is a mark without a key. */
  readonly #bare: ReadonlySet<string>;

  constructor(service: ServiceEntry, ends: ReadonlyMap<string, number>, bytes: Bytes) {
    this.#service = service;
    this.#names = new EffectNames(service);
    this.#ends = ends;
    this.#bytes = bytes;
    this.#lasting = new Set([...this.#lastingNames()].map((name) => this.#stored(name)));
    const unkeyed = service.reactions.filter(({ keyed }) => keyed !== true);
    this.#bare = new Set(
      [
        ...service.begins.map(stemOf),
        ...unkeyed.flatMap((entry) => [entry.undoes ?? [], this.#names.of(entry)].flat(2)),
      ].filter((name) => name !== undefined),
    );
    for (const type of service.begins) this.#mark(stemOf(type), undefined);
    for (const reaction of service.reactions) this.of(reaction);
  }

  get all(): readonly Effect[] {
    return [...this.#marks.values()];
  }

  of(
    entry: ReactionEntry,
  ): Pick<ModelReaction, "effects" | "keys" | "ofAllKeys" | "outcomeEffects"> {
    const ofAllKeys = entry.keyed === "all";
    const keys = entry.keyed === true ? KEYS : [undefined];
    const undo = entry.kind === "undo";
    const names = undo ? entry.emits.map(() => entry.undoes) : this.#names.of(entry);
    const outcomeEffects = keys.map((key) =>
      names.map((name) => (name === undefined ? undefined : this.#mark(name, key))),
    );
    const own = [...new Set(names.filter((name) => name !== undefined))];
    const marks = keys.map((key): KeyedMarks => {
      const all = ofAllKeys ? [undefined, ...KEYS] : [key];
      const bare = key === undefined ? [] : own.filter((name) => this.#bare.has(name));
      return {
        effects: own.flatMap((name) => all.map((one) => this.#mark(name, one))),
        barredBy: bare.map((name) => this.#mark(name, undefined)),
      };
    });
    const effects = [...new Set(marks.flatMap((one) => one.effects))];
    return { effects, keys: marks, ofAllKeys, outcomeEffects };
  }

  #mark(name: string, key: number | undefined): Effect {
    const stored = this.#stored(name);
    const id = JSON.stringify([stored, key]);
    const known = this.#marks.get(id);
    if (known !== undefined) return known;
    const events = this.#names.eventsOf(name);
    const mark: Effect = {
      service: this.#service.name,
      // An effect with a name of its own is shown by it, others by their event.
      type: events.find((type) => stemOf(type) === name) ?? name,
      stored,
      key,
      events: new Set(events),
      at: this.#bytes.take({
        kind: "effect",
        service: this.#service.name,
        effect: stored,
        ...(key !== undefined && { local: `${key}` }),
      }),
      undone: this.#names.undone.has(name),
      needsUndo: this.#lasting.has(stored),
      after: [],
    };
    this.#marks.set(id, mark);
    return mark;
  }

  #stored(name: string): string {
    const declared = this.#service.reactions.flatMap(({ effect, effectWas }) =>
      effect === undefined ? [] : [{ name: effect, was: effectWas }],
    );
    return storedAmong(declared, name);
  }

  /** Effects that a failed saga must have undone: all but those whose every outcome is an end. */
  #lastingNames(): ReadonlySet<string> {
    const { begins, reactions } = this.#service;
    const names = this.#names;
    return new Set([
      ...begins.map(stemOf),
      ...names.undone,
      ...reactions.flatMap((reaction) =>
        names
          .of(reaction)
          .filter((_, place) => !reaction.emits[place]?.some((type) => this.#ends.has(type)))
          .filter((name) => name !== undefined),
      ),
    ]);
  }
}
