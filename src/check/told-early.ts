import { DONE } from "../choreography/fence.ts";
import { oneEventPerLineage } from "../manifest/lineage.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { compile } from "./compile.ts";
import { Machine } from "./machine.ts";
import type { TransitionSource } from "./model.ts";
import { StateSet } from "./states.ts";

const BYTES_MAX = 1 << 26;

/** Says what may still be done once a failure end has been emitted. */
export interface ToldEarly {
  /** By failure end: effects that are done then, or later, in some saga. */
  readonly open: ReadonlyMap<string, ReadonlySet<string>>;
  /** True if every reachable state was visited. */
  readonly exhaustive: boolean;
}

/** Visits at most `statesMax` states, in every order, and looks which effects outlive an end. */
export function toldEarly(manifest: Manifest, statesMax: number): ToldEarly {
  const linked = [...manifest.services.values()].every(({ unlinked }) => !unlinked);
  const model = compile(oneEventPerLineage(manifest));
  const machine = new Machine(model);
  const states = new StateSet(model.size);
  const [row, after] = [new Int32Array(model.size / 4), new Int32Array(model.size / 4)];
  const [bytes, next] = [new Uint8Array(row.buffer), new Uint8Array(after.buffer)];
  const open = new Map<string, Set<string>>();
  const owed = model.effects.filter(({ needsUndo }) => needsUndo);
  for (const beginning of model.beginnings) {
    machine.begin(next, beginning);
    states.add(after, -1, 0, 0);
  }
  for (let at = 0; at < states.count; at++) {
    if (states.count > statesMax || states.bytes > BYTES_MAX) return { open, exhaustive: false };
    states.read(at, row);
    for (const { type, at: ended } of model.failures) {
      if (bytes[ended] === 0) continue;
      const known = open.get(type) ?? new Set();
      open.set(type, known);
      for (const effect of owed) if (bytes[effect.at] === DONE) known.add(effect.type);
    }
    const sources: TransitionSource[] = [];
    machine.enabled(bytes, sources, sources);
    for (const source of sources) {
      for (const choice of machine.choices(bytes, source)) {
        after.set(row);
        machine.apply(next, source, choice);
        machine.broken.length = 0;
        states.add(after, at, source.index, choice);
      }
    }
  }
  return { open, exhaustive: linked && !machine.overflowed };
}
