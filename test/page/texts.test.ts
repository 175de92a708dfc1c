import { describe, expect, it } from "vitest";
import { centred, fitted, overview, placed, showing, zoomed } from "../../page/screens/map/view.ts";
import { treeOf } from "../../page/screens/saga/tree.ts";
import { eventsOf, filterText, parseFilter } from "../../page/screens/sagas/filter.ts";
import { differences } from "../../page/text/difference.ts";
import { jsonLines } from "../../page/text/json.ts";
import { ends, visible, visibleLines } from "../../page/text/visible.ts";
import { stemsIn } from "../../src/console/query.ts";

describe("texts of strangers", () => {
  it("a character that cannot be seen, or turns others around, is written as its number", () => {
    expect(visible("a\u0000b\u001b[2J\u202etxt\u200b")).toBe("a⟨0000⟩b⟨001B⟩[2J⟨202E⟩txt⟨200B⟩");
    expect(visible("東京 – é <b>")).toBe("東京 – é <b>");
    expect(visibleLines("a\n\tb\r")).toBe("a\n\tb⟨000D⟩");
  });

  it("a long id is shown by its ends, so that those of one kind differ", () => {
    expect(ends("0198f0c2-aaaa-7000-8000-00000000000f", 21)).toBe("0198f0c2-a…000000000f");
    expect(ends("order-1", 21)).toBe("order-1");
  });

  it("JSON is broken into lines, and no character of it is changed", () => {
    const text = '{"n":12345678901234567890,"n":1,"s":"a,b:{\\"}","e":[],"l":[1,{"x":null}]}';
    const lines = jsonLines(text);
    expect(lines).toContain('  "n": 12345678901234567890,\n  "n": 1,\n  "s": "a,b:{\\"}",');
    expect(lines).toContain('"e": [],');
    expect(lines.replace(/\n */g, "").replace(/: /g, ":")).toBe(text);
    for (const broken of ["", "no", '{"cut', "[".repeat(1_000), "}}]", '{"a": tru'])
      expect(jsonLines(broken).replace(/\s/g, "")).toBe(broken.replace(/\s/g, ""));
  });
});

describe("the difference of two payloads", () => {
  const told = (value: unknown, masked: readonly string[] = []) => ({
    text: JSON.stringify(value),
    masked,
  });

  it("is by field, as JSON, and says nothing of what is masked", () => {
    const before = told({ a: 1, "b/~": [1, 2], card: "…", gone: {}, same: null }, ["/card"]);
    const after = told({ a: "1", "b/~": [1, 3], card: "…", new: "<b>", same: null }, ["/card"]);
    expect(differences(before, after)).toEqual([
      { at: "/a", kind: "changed", before: "1", after: '"1"' },
      { at: "/b~1~0/1", kind: "changed", before: "2", after: "3" },
      { at: "/card", kind: "hidden" },
      { at: "/gone", kind: "removed", before: "{}" },
      { at: "/new", kind: "added", after: '"<b>"' },
    ]);
    expect(differences(before, before)).toEqual([{ at: "/card", kind: "hidden" }]);
    expect(differences(told(1), told([]))).toEqual([
      { at: "", kind: "changed", before: "1", after: "[]" },
    ]);
  });

  it("is not known of a payload that was cut, and is bounded", () => {
    expect(differences({ text: '{"a":', masked: [] }, told({}))).toBeUndefined();
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`f${n}`, n]));
    expect(differences(told({}), told(many))).toHaveLength(200);
  });
});

describe("the filter of sagas", () => {
  it("reads words, and says which it does not understand", () => {
    expect(
      parseFilter("is:stuck,at-risk at:payment event:a.b,c.d older:1h correlation:web-77 o-1"),
    ).toEqual({
      filter: {
        ...{ verdict: "stuck,at risk", at: "payment", event: "a.b,c.d", older: "1h" },
        ...{ correlation: "web-77", id: "o-1" },
      },
      unknown: [],
      repeated: [],
    });
    expect(parseFilter("is:STUCK,At-Risk").filter).toEqual({ verdict: "stuck,at risk" });
    expect(parseFilter("is:failed").filter).toEqual({ verdict: "undone" });
    expect(parseFilter("is:stuck is:late is:stuck at:a at:b")).toEqual({
      filter: { verdict: "stuck", at: "a" },
      unknown: [],
      repeated: ["is:late", "at:b"],
    });
    expect(parseFilter("is:odd older:soon at: event:a.b,")).toEqual({
      filter: {},
      unknown: ["is:odd", "older:soon", "at:", "event:a.b,"],
      repeated: [],
    });
    expect(parseFilter("  ").filter).toEqual({});
  });

  it("is written as it was read", () => {
    const all = "is:stuck,at-risk at:payment event:a.b,c.d older:1h correlation:web-77 o-1";
    for (const text of [all, "o-1", ""]) expect(filterText(parseFilter(text).filter)).toBe(text);
  });

  it("has quotes around what has spaces", () => {
    const filter = { at: 'the "old" shop \\', correlation: "o 1" };
    expect(filterText(filter)).toBe('at:"the \\"old\\" shop \\\\" correlation:"o 1"');
    expect(parseFilter(`${filterText(filter)} o-1`).filter).toEqual({ ...filter, id: "o-1" });
    expect(parseFilter('correlation:"o 1').filter).toEqual({ correlation: "o 1" });
  });
});

describe("the events of an arrow", () => {
  it("are one word of the filter, without versions, unless they are too many", () => {
    expect(eventsOf(["a.b.v1", "a.b.v2", "c.d.v10"])).toBe("a.b,c.d");
    expect(eventsOf(Array.from({ length: 33 }, (_, n) => `a.b${n}.v1`))).toBeUndefined();
    expect(eventsOf([`a.${"b".repeat(600)}.v1`])).toBeUndefined();
    // As many as the server takes: test/console/resting.test.ts has one more.
    expect(stemsIn(eventsOf(Array.from({ length: 32 }, (_, n) => `a.b${n}.v1`)))).toHaveLength(32);
  });
});

describe("the tree of causes", () => {
  it("has each step once, below its cause, also in a chain of 20,000", () => {
    const step = (n: number, cause?: number) => ({ n, ...(cause !== undefined && { cause }) });
    const order = (steps: Parameters<typeof treeOf>[0]) =>
      treeOf(steps).map(({ step: { n }, depth }) => [n, depth]);
    expect(order([step(0), step(1, 0), step(2, 0), step(3, 1), step(4, 99)])).toEqual([
      ...[
        [0, 0],
        [1, 1],
        [3, 2],
        [2, 1],
        [4, 0],
      ],
    ]);
    const chain = Array.from({ length: 20_000 }, (_, n) => step(n, n === 0 ? undefined : n - 1));
    expect(treeOf(chain)).toHaveLength(20_000);
  });
});

describe("the place of a map in its window", () => {
  const window = { width: 1_440, height: 700 };

  it("all of a map of 40 services is seen, and a box has room for its name", () => {
    const map = { width: 2_432, height: 370 };
    const view = fitted(map, window);
    const end = placed(view, { x: map.width, y: map.height });
    expect(placed(view, { x: 0, y: 0 }).x).toBeGreaterThanOrEqual(0);
    expect(end.x).toBeLessThanOrEqual(window.width);
    expect(end.y).toBeLessThanOrEqual(window.height);
    expect(132 * view.scaleX).toBeGreaterThan(70);
  });

  it("a map that is too large stays legible, and begins at its beginning", () => {
    const map = { width: 12_000, height: 5_000 };
    const view = fitted(map, window);
    // Where it is moved anyway, a box has room for a long name, in letters of 10 px.
    expect(132 * view.scaleX).toBeGreaterThan(120);
    expect(placed(view, { x: 0, y: 0 })).toEqual({ x: view.left, y: view.top });
    const start = { x: 66, y: 2_500 };
    const begun = placed(fitted(map, window, start), start);
    expect([begun.x, begun.y]).toEqual([18 + 66 * view.scaleX, window.height / 2]);
    const last = { x: 66, y: 4_980 };
    expect(placed(fitted(map, window, last), last).y).toBeLessThan(window.height);
    const there = { x: 11_000, y: 4_800 };
    const { x, y } = placed(showing(view, window, there), there);
    expect(x).toBeLessThanOrEqual(window.width - 90);
    expect(y).toBeLessThanOrEqual(window.height - 50);
  });

  it.each([
    { width: 12_000, height: 5_000 },
    { width: 800, height: 5_000 },
    { width: 900, height: 90 },
  ])("a map of %o is seen as a whole where a person wants that, in any window", (map) => {
    for (const small of [window, { width: 324, height: 500 }]) {
      const view = overview(map, small);
      const [start, end] = [
        placed(view, { x: 0, y: 0 }),
        placed(view, { x: map.width, y: map.height }),
      ];
      expect(Math.min(start.x, start.y)).toBeGreaterThan(17);
      expect(end.x).toBeLessThan(small.width - 17);
      expect(end.y).toBeLessThan(small.height - 17);
    }
  });

  it("a tall map uses the width that the window has", () => {
    const view = fitted({ width: 800, height: 5_000 }, window);
    expect(132 * view.scaleX).toBeGreaterThan(120);
    expect(46 * view.scaleY).toBeGreaterThan(18);
  });

  it("what is found is brought into the middle, unless it is seen already", () => {
    const view = fitted({ width: 12_000, height: 5_000 }, window);
    const far = { x: 9_000, y: 4_000 };
    expect(placed(centred(view, window, far), far)).toEqual({ x: 720, y: 350 });
    expect(centred(view, window, { x: 100, y: 100 })).toBe(view);
  });

  it("a zoom keeps the point under the pointer", () => {
    const whole = fitted({ width: 2_000, height: 500 }, window);
    const at = placed(whole, { x: 700, y: 200 });
    const near = zoomed(whole, 2, whole, at);
    expect(placed(near, { x: 700, y: 200 }).x).toBeCloseTo(at.x);
    expect(near.scaleX).toBeCloseTo(whole.scaleX * 2);
    expect(zoomed(whole, 1_000, whole, at).scaleX).toBeCloseTo(whole.scaleX * 8);
  });
});
