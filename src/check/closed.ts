import { JOIN, UNDO } from "../choreography/fence.ts";
import type { Watched } from "./dependence.ts";
import type { Choice, Effect, Model, ModelReaction } from "./model.ts";
import { doersOf, type EmittingPart, Never, typesHeardBy } from "./never.ts";
import { AtMostOnce } from "./once.ts";

/**
 * Says which effects are closed once an event has been emitted: undone or barred, or their step has
 * run without doing them and will not run again. A closed effect stays closed. It follows from the
 * declarations alone, so it is less than what exploration finds.
 */
export class Closed {
  readonly #model: Model;
  readonly #once: AtMostOnce;
  readonly #doers: ReturnType<typeof doersOf>;
  readonly #never: Never;
  /** By choice: the effects that its reaction closes by it. */
  readonly #closedBy = new Map<Choice, readonly Effect[]>();
  readonly #hearers = new Map<string, Set<EmittingPart>>();
  /** By type: bits of the effects that are closed when it is emitted. */
  readonly #known = new Map<string, Uint32Array>();
  readonly #places: ReadonlyMap<Effect, number>;
  readonly #words: number;

  constructor(model: Model) {
    this.#model = model;
    this.#once = new AtMostOnce(model);
    this.#places = new Map(model.effects.map((effect, place) => [effect, place]));
    this.#words = Math.ceil(model.effects.length / 32);
    this.#doers = doersOf(model);
    this.#never = new Never(model, this.#doers);
    for (const reaction of model.reactions)
      for (const choice of reaction.choices)
        if (choice.emits.length > 0) this.#closedBy.set(choice, this.#find(reaction, choice));
    this.#solve();
  }

  /** By failure end: the effects that may still be done when it is emitted. */
  openAtFailure(): Watched {
    const owed = this.#model.effects.filter(({ needsUndo }) => needsUndo);
    const open = new Map<string, Set<Effect>>();
    const look = (emits: Choice["emits"], closed: Uint32Array) => {
      for (const { end, type } of emits) {
        if (end !== "failure") continue;
        const known = open.get(type) ?? new Set();
        open.set(type, known);
        for (const effect of owed) if (!has(closed, this.#placeOf(effect))) known.add(effect);
      }
    };
    const none = new Uint32Array(this.#words);
    for (const { emits } of this.#model.beginnings) look(emits, none);
    for (const source of this.#model.sources)
      if (source.kind === "arrival") look(source.emits, none);
    for (const emitting of emittersIn(this.#model))
      for (const choice of emitting.choices)
        if (choice.emits.some(({ end }) => end === "failure"))
          look(choice.emits, this.#closedAfter(emitting, choice));
    return open;
  }

  /** Starts from everything closed, and takes away what some way to an event leaves open. */
  #solve(): void {
    const { beginnings, sources } = this.#model;
    for (const emitting of emittersIn(this.#model))
      for (const type of typesHeardBy(emitting))
        this.#hearers.set(type, (this.#hearers.get(type) ?? new Set()).add(emitting));
    const none = new Uint32Array(this.#words);
    for (const { type } of beginnings) this.#known.set(type, none);
    for (const source of sources) if (source.kind === "arrival") this.#known.set(source.type, none);
    const queue = new Set(emittersIn(this.#model));
    for (const emitting of queue) {
      queue.delete(emitting);
      for (const choice of emitting.choices) {
        if (choice.emits.length === 0) continue;
        const closed = this.#closedAfter(emitting, choice);
        for (const { type } of choice.emits) {
          if (!this.#keepOnly(type, closed)) continue;
          for (const hearer of this.#hearers.get(type) ?? []) queue.add(hearer);
        }
      }
    }
  }

  /** Returns true if that changes what is known of the type. */
  #keepOnly(type: string, closed: Uint32Array): boolean {
    const known = this.#of(type);
    const next = known.map((word, index) => word & (closed[index] ?? 0));
    if (next.every((word, index) => word === known[index])) return false;
    this.#known.set(type, next);
    return true;
  }

  #of(type: string): Uint32Array {
    return this.#known.get(type) ?? new Uint32Array(this.#words).fill(0xffffffff);
  }

  #closedAfter(emitting: EmittingPart, choice: Choice): Uint32Array {
    // A join may be given up on with any of its events.
    const all = "kind" in emitting && emitting.kind === JOIN && choice.kind !== "park";
    const types = all ? awaitedBy(emitting) : typesHeardBy(emitting);
    const heard = types.map((type) => this.#of(type));
    const closed = new Uint32Array(this.#words).fill(all ? 0 : 0xffffffff);
    for (const one of heard)
      for (let word = 0; word < this.#words; word++)
        closed[word] = all
          ? (closed[word] ?? 0) | (one[word] ?? 0)
          : (closed[word] ?? 0) & (one[word] ?? 0);
    for (const effect of this.#closedBy.get(choice) ?? []) {
      const place = this.#placeOf(effect);
      closed[place >>> 5] = (closed[place >>> 5] ?? 0) | (1 << (place & 31));
    }
    return closed;
  }

  /** The effects that a reaction itself closes by one of its outcomes. */
  #find(reaction: ModelReaction, choice: Choice): readonly Effect[] {
    const { kind, closes, effect } = choice;
    const { service, effects } = reaction;
    if (reaction.kind === UNDO) return service.fence ? closes : [];
    const last =
      kind === "park"
        ? reaction.kind !== JOIN && this.#once.takes(reaction)
        : (kind === "success" || kind === "failure") && this.#once.runs(reaction);
    if (!last) return [];
    const own = effects.filter((one) => one !== effect && this.#doers.get(one)?.size === 1);
    return kind === "park" ? own : [...own, ...this.#never.doneAfter(reaction, choice)];
  }

  #placeOf(effect: Effect): number {
    return this.#places.get(effect) ?? 0;
  }
}

function emittersIn({ reactions, deadlines }: Model): readonly EmittingPart[] {
  return [...reactions, ...deadlines];
}

function awaitedBy({ entry }: ModelReaction): readonly string[] {
  return entry.hears.filter((type) => !entry.optional.includes(type));
}

function has(bits: Uint32Array, place: number): boolean {
  return ((bits[place >>> 5] ?? 0) & (1 << (place & 31))) !== 0;
}
