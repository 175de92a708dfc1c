import type { Manifest, ServiceEntry } from "../manifest/manifest.ts";

/*
 * How long a service may have heard nothing of a saga when an event comes: the least time that the
 * deadlines on the way to it have waited. A store forgets a saga that is closed there and was not
 * written to for longer than retention.
 */

/** Says which deliveries find that their service has forgotten the saga. */
export class Ages {
  readonly #manifest: Manifest;
  readonly #retentionMs: number;
  readonly #bySilence = new Map<string, ReadonlyMap<string, number>>();
  /** Whether any two deadlines together may outlast retention. */
  readonly #matters: boolean;

  constructor(manifest: Manifest, retentionMs: number) {
    this.#manifest = manifest;
    this.#retentionMs = retentionMs;
    const waits = [...manifest.services.values()].flatMap(({ deadlines }) =>
      deadlines.map(({ withinMs }) => withinMs),
    );
    this.#matters = waits.reduce((sum, wait) => sum + wait, 0) > retentionMs;
  }

  isForgotten(service: ServiceEntry, type: string): boolean {
    if (!this.#matters) return false;
    const known = this.#bySilence.get(service.name) ?? this.#silence(service);
    this.#bySilence.set(service.name, known);
    const silent = known.get(type) ?? 0;
    return silent > this.#retentionMs && Number.isFinite(silent);
  }

  /** By event: for how long at least the service has heard nothing before it. */
  #silence(service: ServiceEntry): ReadonlyMap<string, number> {
    const { begins, arrives, services } = this.#manifest;
    const times = new Map<string, number>();
    for (const type of [...begins, ...arrives]) times.set(type, 0);
    const heard = new Set([
      ...service.reactions.flatMap(({ hears }) => hears),
      ...service.deadlines.flatMap(({ after, unless }) => [after, ...unless]),
    ]);
    const since = (type: string) => (heard.has(type) ? 0 : (times.get(type) ?? Infinity));
    for (let changed = true; changed; ) {
      changed = false;
      const lower = (types: readonly string[], time: number) => {
        for (const type of types) {
          if (time >= (times.get(type) ?? Infinity)) continue;
          times.set(type, time);
          changed = true;
        }
      };
      for (const other of services.values()) {
        const own = other === service;
        for (const reaction of other.reactions) {
          const { kind, hears, optional, emits, fails, late, onParked } = reaction;
          const needed = hears.filter((type) => !optional.includes(type)).map(since);
          const time = kind === "join" ? Math.max(...needed) : Math.min(...hears.map(since));
          const parked = onParked === undefined ? [] : [onParked];
          const all = [...emits.flat(), ...fails.flat(), ...late.flat()];
          lower([...all, ...parked], own && time < Infinity ? 0 : time);
        }
        for (const { after, withinMs, emits, onParked } of other.deadlines) {
          const time = since(after) + withinMs;
          const parked = onParked === undefined ? [] : [onParked];
          lower([emits, ...parked], own && time < Infinity ? 0 : time);
        }
      }
    }
    return times;
  }
}
