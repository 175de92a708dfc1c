/** Where the choices of a fuzzed message come from. */
export interface Random {
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
}

/** The generator "mulberry32": small, and fast enough not to be what is measured. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return {
    below(count) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
    },
  };
}

export function pick<T>(random: Random, list: readonly [T, ...T[]]): T {
  return list[random.below(list.length)] ?? list[0];
}

/** Whether something happens that happens once in `count` times. */
export function once(random: Random, count: number): boolean {
  return random.below(count) === 0;
}
