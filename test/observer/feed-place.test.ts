import { expect, it } from "vitest";
import { advance, bounded, cursorOf, feedPlaceIn } from "../../src/adapters/postgres/feed-place.ts";

const big = (...numbers: readonly number[]) => numbers.map(BigInt);

/** The cursor behind a page; gaps that it has found are below `drawn`. */
function after(cursor: string | undefined, seqs: readonly number[], running = 0, full = false) {
  const { place } = advance(feedPlaceIn(cursor), big(...seqs), full, BigInt(running));
  return cursorOf(bounded(place, 50n));
}

it("keeps what is missing until no transaction can fill it", () => {
  expect(after(undefined, [1, 2, 5, 9])).toBe("9 3-4<50 6-8<50");
  expect(after("9 3-4<50 6-8<50", [7, 10], 49)).toBe("10 3-4<50 6-6<50 8-8<50");
  expect(after("10 3-4<50 6-6<60", [], 50)).toBe("10 6-6<60");
  expect(after("10 6-6<60", [6])).toBe("10");
});

it("a full page tells nothing of gaps behind its last row", () => {
  expect(after("20 3-4<50 8-9<50", [4, 5], 99, true)).toBe("20 8-9<50");
});

it("goes no further while too much is missing, and keeps the rows for later", () => {
  const seqs = Array.from({ length: 12_000 }, (_, n) => 2 * n + 2);
  const { place, upTo } = advance(feedPlaceIn(undefined), big(...seqs), false, 0n);
  expect(place.gaps.length).toBe(10_000);
  expect(upTo).toBe(20_000n);
  const next = advance(bounded(place, 5n), big(20_002), false, 5n);
  expect(cursorOf(bounded(next.place, 9n))).toBe("20002 20001-20001<9");
});
