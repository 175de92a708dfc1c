import type { Exchange, Symmetry } from "./exchange.ts";

/**
 * Sorts the legs of a state by their bytes, with exchanges alone: the result is a state that only
 * names its legs in another order. Calls `exchanged` for each exchange.
 */
export function sortLegs(
  state: Uint8Array,
  symmetries: readonly Symmetry[],
  exchanged?: (exchange: Exchange) => void,
): void {
  for (const { legs, exchanges } of symmetries) {
    for (let last = 1; last < legs.length; last++) {
      for (let place = last; place > 0; place--) {
        const [exchange, before, after] = [exchanges[place - 1], legs[place - 1], legs[place]];
        if (exchange === undefined || before === undefined || after === undefined) break;
        if (!isAfter(state, before, after)) break;
        swap(state, exchange.bytes);
        exchanged?.(exchange);
      }
    }
  }
}

/** Whether one leg's bytes come after the other's. */
function isAfter(state: Uint8Array, one: readonly number[], other: readonly number[]): boolean {
  for (let place = 0; place < one.length; place++) {
    const difference = (state[one[place] ?? 0] ?? 0) - (state[other[place] ?? 0] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function swap(state: Uint8Array, bytes: Exchange["bytes"]): void {
  for (const [a, b] of bytes) {
    const kept = state[a] ?? 0;
    state[a] = state[b] ?? 0;
    state[b] = kept;
  }
}
