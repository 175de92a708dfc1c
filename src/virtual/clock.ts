import type { Environment } from "../ports/environment.ts";

interface Timer {
  readonly at: number;
  readonly work: () => void;
  readonly owner: object | undefined;
}

/** When virtual time begins: the same moment in each run, so that times may be compared. */
export const FIRST_MOMENT = Date.parse("2026-01-01T00:00:00Z");

/** A clock that stands still until it is put forward. Its timers run in the order of their time. */
export class VirtualClock {
  #now: number;
  /** Sorted by time; of the same time, the first one set comes first. */
  readonly #timers: Timer[] = [];

  constructor(now: number = FIRST_MOMENT) {
    this.#now = now;
  }

  get now(): number {
    return this.#now;
  }

  /** When the next timer runs; undefined if none is set. */
  get next(): number | undefined {
    return this.#timers[0]?.at;
  }

  /** Sets a timer, for `dropTimersOf` with an owner. Returns what takes it back. */
  timer(delayMs: number, work: () => void, owner?: object): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), work, owner };
    const behind = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(behind < 0 ? this.#timers.length : behind, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** Takes back every timer of an owner. */
  dropTimersOf(owner: object): void {
    for (let at = this.#timers.length - 1; at >= 0; at--)
      if (this.#timers[at]?.owner === owner) this.#timers.splice(at, 1);
  }

  /** Puts the clock forward without running a timer. */
  moveTo(now: number): void {
    this.#now = Math.max(this.#now, now);
  }

  /** Runs the next timer, if its time has come. Returns whether it did. */
  runDue(): boolean {
    const [timer] = this.#timers;
    if (timer === undefined || timer.at > this.#now) return false;
    this.#timers.shift();
    timer.work();
    return true;
  }

  /** Runs every timer whose time has come. Returns whether there was one. */
  runAllDue(): boolean {
    if (!this.runDue()) return false;
    while (this.runDue());
    return true;
  }
}

/**
 * Time and chance of one process on a virtual clock: `life` counts the processes of one name. The
 * same seed gives the same numbers and ids.
 */
export function virtualEnvironment(
  clock: VirtualClock,
  { name, life, seed }: { readonly name: string; readonly life: number; readonly seed: number },
): Environment {
  const own = hashOf(`${seed} ${name} ${life}`);
  const chance = numbers(own);
  // Ids of events keep the last half of a UUID, so that half has to differ between processes.
  // In halves: V8 prints a number above 31 bits slowly.
  const tag = `${hex(own >>> 16, 4)}${hex(own & 0xffff, 4)}`;
  const head = `00000000-0000-4${tag.slice(0, 3)}-8${tag.slice(3, 6)}-${tag.slice(6)}`;
  let ids = 0;
  return {
    now: () => clock.now,
    random: chance,
    uuid: () => `${head}${hex(++ids, 10)}`,
    timer: (delayMs, work) => clock.timer(delayMs, work),
  };
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Draws numbers from 0 to below 1, the same for the same seed: mulberry32. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
