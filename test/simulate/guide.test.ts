import { describe, expect, it } from "vitest";
import { followRecord } from "../../src/simulate/follow.ts";
import type { RecordedStep } from "../../src/simulate/record.ts";
import { type RunResult, SimulatedRun } from "../../src/simulate/run.ts";
import { SqlRows } from "../../src/simulate/sql-rows.ts";
import { Stage } from "../../src/simulate/stage.ts";
import { BEGUN, lineStep, linesWith } from "./lines.ts";
import { tripWith } from "./trip.ts";

/** What journals tell of a run: each row as it was written last, in this order. */
function recorded({ history }: RunResult): readonly RecordedStep[] {
  const last = history.filter(({ entry }) => entry.disposition !== "retrying");
  return last.map(({ process: service, entry }) => {
    const { reaction, disposition, type, attempt } = entry;
    const heard = disposition === "begun" ? undefined : type;
    return { service, reaction, disposition, heard, duplicates: 0, attempt };
  });
}

it("a recorded saga is played in the same order, with its deadline at the same place", async () => {
  const { choreography, options } = tripWith("none", 1);
  const stage = await Stage.prepare(choreography, options, () => new SqlRows());
  // The deadline passes before anything is delivered; or the hotel is before the flight.
  for (const schedule of [
    [{ site: "next", index: 1, value: 2 }],
    [{ site: "next", index: 1, value: 1 }],
  ]) {
    const run = await new SimulatedRun(stage, { schedule }).play();
    const again = await new SimulatedRun(stage, { recorded: recorded(run) }).play();
    expect(recorded(again)).toEqual(recorded(run));
    expect(again.lostAt).toBeUndefined();
    const repeated = await new SimulatedRun(stage, { schedule: again.taken }).play();
    expect(recorded(repeated)).toEqual(recorded(run));
  }
});

it("a record that today's handlers do not follow is left where they part", async () => {
  const { choreography, options } = tripWith("none", 1);
  const stage = await Stage.prepare(choreography, options, () => new SqlRows());
  const calm = recorded(await new SimulatedRun(stage, { schedule: [] }).play());
  const gone = { service: "flight", reaction: "gone", disposition: "done", heard: "gone.by.v1" };
  const steps = calm.toSpliced(3, 0, { ...gone, duplicates: 0 });
  expect((await new SimulatedRun(stage, { recorded: steps }).play()).lostAt).toBe(3);
});

it("what has failed before it was done fails as often again", async () => {
  const { choreography, options } = tripWith("none", 1);
  const stage = await Stage.prepare(choreography, options, () => new SqlRows());
  const calm = recorded(await new SimulatedRun(stage, { schedule: [] }).play());
  const at = calm.findIndex(({ service, heard }) => service === "flight" && heard !== undefined);
  const steps = calm.map((step, index) => (index === at ? { ...step, attempt: 24 } : step));
  const again = await new SimulatedRun(stage, { recorded: steps }).play();
  expect(recorded(again)[at]?.attempt).toBe(24);
  expect([again.lostAt, again.findings]).toEqual([undefined, []]);
  expect(again.notes.filter(({ note }) => note.includes("fails after its work"))).toHaveLength(23);
});

it("a course that depends on the data is followed with data that leads there", async () => {
  const { choreography, options } = tripWith("none", 1);
  const stage = await Stage.prepare(choreography, options, () => new SqlRows());
  const tooDear = { site: "data", index: 1, value: 2 };
  const run = await new SimulatedRun(stage, { schedule: [tooDear] }).play();
  const steps = recorded(run);
  expect((await new SimulatedRun(stage, { recorded: steps }).play()).lostAt).toBeDefined();
  const { result } = await followRecord(stage, steps);
  expect([result.lostAt, result.findings]).toEqual([undefined, []]);
  expect(result.taken).toContainEqual(tooDear);
  expect(recorded(result)).toEqual(steps);
  const gone = { service: "flight", reaction: "gone", disposition: "done", duplicates: 0 };
  const lost = await followRecord(stage, [...steps, gone]);
  expect(lost.result.lostAt).toBe(steps.length);
  expect(lost.runs).toBeGreaterThan(1);
});

describe("a saga with several events of one type", () => {
  it.each([
    ["fan", "moon"],
    ["moon", "fan"],
  ])("is played in the order of the record: %s, %s", async (...skus) => {
    const seen: string[] = [];
    const stage = await linesWith(seen);
    const steps = skus.map((one) => lineStep(one === "fan" ? 1 : 2));
    const run = await new SimulatedRun(stage, { recorded: [...BEGUN, ...steps] }).play();
    expect([run.lostAt, run.findings, seen]).toEqual([undefined, [], skus]);
  });

  it("has the one come twice that came twice", async () => {
    const stage = await linesWith([]);
    const recorded = [...BEGUN, lineStep(1), lineStep(2, 1)];
    const run = await new SimulatedRun(stage, { recorded }).play();
    expect(run.lostAt).toBeUndefined();
    expect(run.taken.filter(({ site }) => site === "copy stock")).toHaveLength(1);
  });

  it("is lost at the event that does not come, with its emitter or without", async () => {
    const stage = await linesWith([]);
    const { from: _, ...one } = lineStep(1);
    for (const lines of [
      [lineStep(1), lineStep(2), lineStep(3)],
      [one, one, one].map((step) => ({ ...step })),
    ]) {
      const recorded = [...BEGUN, ...lines];
      expect((await new SimulatedRun(stage, { recorded }).play()).lostAt).toBe(4);
    }
  });
});
