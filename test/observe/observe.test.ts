import { type Disposition, type JournalRecord, jsonLogger } from "odori";
import { printable, timeline, traceOf } from "odori/observe";
import { describe, expect, it } from "vitest";
import { DISPOSITIONS } from "../../src/ports/journal.ts";

function record(
  id: string,
  at: number,
  emitted: readonly string[],
  change: Partial<JournalRecord> = {},
): JournalRecord {
  return {
    reaction: "r",
    source: "/s",
    id,
    type: `shop.${id}.v1`,
    sagaId: "s",
    causationId: undefined,
    disposition: "done",
    effect: undefined,
    emitted: emitted.map((one) => ({ id: one, type: `shop.${one}.v1` })),
    seq: at,
    duplicates: 0,
    fingerprint: undefined,
    at,
    ...change,
  };
}

describe("a trace", () => {
  it("merges journals by time, and by cause at equal times", () => {
    const steps = traceOf([
      { service: "last", records: [record("b", 5, ["c"]), record("c", 5, [])] },
      {
        service: "first",
        records: [record("a", 5, ["b"], { disposition: "begun" }), record("z", 7, [])],
      },
    ]);
    expect(
      steps.map(({ service, heard, elapsedMs, depth }) => [service, heard, elapsedMs, depth]),
    ).toEqual([
      ["first", undefined, 0, 0],
      ["last", "shop.b.v1", 0, 1],
      ["last", "shop.c.v1", 0, 2],
      ["first", "shop.z.v1", 2, 0],
    ]);
  });

  it("puts a cause before its consequence, and marks clocks that contradict it", () => {
    const steps = traceOf([
      { service: "behind", records: [record("b", 3, ["c"]), record("d", 4, [])] },
      {
        service: "ahead",
        records: [
          record("a", 100, ["b"], { disposition: "begun" }),
          record("c", 110, ["d"], { duplicates: 2, causationId: "b" }),
        ],
      },
    ]);
    expect(steps.map(({ eventId, clockContradicts }) => [eventId, clockContradicts])).toEqual([
      ["a", false],
      ["b", true],
      ["c", false],
      ["d", true],
    ]);
    const lines = timeline(steps, undefined, { ids: true });
    expect(lines[1]).toMatch(/^ *\? -97 ms {2}behind {2}.* {2}id=b emitted=c$/);
    expect(lines[2]).toMatch(/\(2 duplicates ignored\) {2}id=c cause=b emitted=d$/);
  });

  it.each([
    [0, "+0 ms"],
    [9_999, "+9999 ms"],
    [-97, "-97 ms"],
    [-59_986, "-1 min"],
    [42_340, "+42.3 s"],
    [59_999, "+1 min"],
    [151_569, "+2 min 32 s"],
    [3_600_000 * 50 + 61_000, "+2 d 2 h"],
  ])("a step %d ms after the first one is at %s", (at, time) => {
    const [, line] = timeline(
      traceOf([
        {
          service: "shop",
          records: [
            record("a", 100_000, ["b"], { disposition: "begun" }),
            record("b", 100_000 + at, []),
          ],
        },
      ]),
    );
    expect(line?.replace(/^ *\??/, "").trimStart()).toMatch(
      new RegExp(`^${time.replace(/[+]/g, "\\+")}  shop`),
    );
  });

  it("keeps the feed of a service whose clock stepped back", () => {
    const rows = [record("x", 9, [], { seq: 1 }), record("y", 5, [], { seq: 2 })];
    const steps = traceOf([{ service: "s", records: rows }]);
    expect(steps.map(({ eventId, clockContradicts }) => [eventId, clockContradicts])).toEqual([
      ["x", false],
      ["y", true],
    ]);
  });

  it("of 20,000 steps in one chain ends", () => {
    const rows = Array.from({ length: 20_000 }, (_, n) =>
      record(`e${n}`, 20_000 - n, [`e${n + 1}`], { seq: n + 1 }),
    );
    const steps = traceOf([{ service: "s", records: rows }]);
    expect([steps[0]?.eventId, steps.at(-1)?.depth]).toEqual(["e0", 19_999]);
  });

  it("ends, even if journals claim a circle of causes", () => {
    const steps = traceOf([
      { service: "liar", records: [record("a", 1, ["b"]), record("b", 1, ["a"])] },
    ]);
    expect(steps.length).toBe(2);
  });

  it("has words for every disposition", () => {
    for (const disposition of DISPOSITIONS) {
      const [line = ""] = timeline(
        traceOf([{ service: "shop", records: [record("a", 1, [], { disposition })] }]),
      );
      expect(line).toMatch(/shop {2}.*\w{3,}/);
    }
    const undone: Disposition = "undone";
    const [line] = timeline(
      traceOf([
        {
          service: "shop",
          records: [record("a", 1, ["b"], { disposition: undone, effect: "shop.charged.v2" })],
        },
      ]),
    );
    expect(line).toBe("+0 ms  shop  shop.a  < undid charged  -> shop.b");
  });

  it("of no journals is empty", () => expect(timeline(traceOf([]))).toEqual([]));
});

describe("text from outside", () => {
  const hostile = "\u001b[31mred\u009b2J\r\n\u202eright to left\u0000";

  it("contains no control characters when printed", () => {
    expect(printable(hostile)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(printable("日本 👘 ünïcode")).toBe("日本 👘 ünïcode");
    const [line] = timeline(
      traceOf([{ service: hostile, records: [record("a", 1, [hostile], { type: hostile })] }]),
    );
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it("stays on one line in the log, and errors keep their causes", () => {
    const lines: string[] = [];
    const logger = jsonLogger("info", (line) => lines.push(line));
    logger.debug("too quiet");
    logger.warn(hostile, {
      sagaId: hostile,
      big: 1n,
      error: new Error("outer", { cause: new TypeError("inner") }),
    });
    expect(lines.length).toBe(1);
    const [line = ""] = lines;
    expect(line.endsWith("\n")).toBe(true);
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(JSON.parse(line)).toMatchObject({
      level: "warn",
      message: hostile,
      sagaId: hostile,
      big: "1",
      error: { message: "outer", cause: { name: "TypeError", message: "inner" } },
    });
  });
});
