import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PermanentError } from "odori";
import type { Runner } from "odori/conformance";
import { type SimulationFinding, simulate, standIn } from "odori/simulate";
import {
  type SessionOptions,
  SimulateSession,
  type SimulationVerdict,
} from "../../src/cli/simulation/session.ts";
import { SimulationThreads } from "../../src/cli/simulation/threads.ts";
import { SimulatedRun } from "../../src/simulate/run.ts";
import { readSchedule, scheduleText } from "../../src/simulate/schedule-text.ts";
import { shrink } from "../../src/simulate/shrink.ts";
import { findingOf } from "../simulate/finding-of.ts";
import { BEGUN, lineStep, linesWith } from "../simulate/lines.ts";
import { shopWith } from "../simulate/shop.ts";
import { unluckyRun } from "../simulate/unlucky.ts";
import { ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const MODULES = join(ROOT, "test", "simulate", "modules");
const HERE = /found\.ts:\d+$/;

type Work = Parameters<typeof shopWith>[0];
type More = Parameters<typeof shopWith>[1];

/** What a simulation finds of a payment that does what `work` says. */
async function findingsOf(work: Work, seeds: number, more?: More) {
  const { choreography, options } = shopWith(work, more);
  return (await findingOf(simulate(choreography, { ...options, seeds }))).findings;
}

/** What the command comes to, with the environment that the module reads. */
async function verdictOf(
  module: string,
  environment: Readonly<Record<string, string>>,
  more: Partial<SessionOptions> = {},
): Promise<SimulationVerdict> {
  using folder = temporaryFolder("found");
  Object.assign(process.env, environment);
  const path = join(MODULES, module);
  await using threads = new SimulationThreads(path);
  const which = { seeds: 200, seed: 1, minutes: undefined, systematic: undefined };
  return await new SimulateSession(threads, {
    ...{ module: path, store: undefined, replay: undefined, workers: 1, ...which },
    schedules: join(folder.path, "kept.json"),
    ...more,
  }).run();
}

function assertFound(
  findings: readonly SimulationFinding[] | undefined,
  code: string,
  at?: RegExp,
): void {
  assert.equal(findings?.[0]?.code, code);
  if (at !== undefined) assert.match(findings?.[0]?.at ?? "nowhere", at);
}

/** What is wrong with handlers, and how it is told. */
export function foundScenarios({ it }: Runner): void {
  it("a statement after its handler is found, with its line", async () => {
    const findings = await findingsOf((_, { tx }) => {
      void (async () => {
        for (let turn = 0; turn < 9; turn++) await null;
        tx.run("INSERT INTO charges VALUES ('late')");
      })();
    }, 1);
    assertFound(findings, "STATEMENT_NOT_AWAITED", HERE);
  });

  it("a rejection that no code handles is found, also in the last run", async () => {
    const floats: Work = () => {
      void Promise.reject(new Error("floating"));
    };
    assertFound(await findingsOf(floats, 1), "UNHANDLED_REJECTION", HERE);
  });

  it("a rejection in a process that has crashed is none", async () => {
    const work: Work = async (_, { tx }) => {
      // Of a dead process, the file is still read, and the bank does not answer.
      const saved = readFile(join(ROOT, "package.json")).then(() =>
        tx.run("INSERT INTO charges VALUES ('late')"),
      );
      await standIn("bank", () => {}).catch(() => {});
      await saved;
    };
    const { choreography, options } = shopWith(work, { holds() {} });
    assert.equal((await simulate(choreography, { ...options, seeds: 30 })).runs, 30);
  });

  it("a handler that waits in vain is found, with its line", async () => {
    const findings = await findingsOf(() => new Promise(() => {}), 1);
    assertFound(findings, "UNCONTROLLED", HERE);
  });

  it("a delivery that is given up on says where its handler has thrown", async () => {
    const findings = await findingsOf(() => {
      throw new PermanentError("No bank knows it.");
    }, 1);
    assertFound(findings, "PARKED", HERE);
  });

  it("what is accepted by its code does not fail, and nothing else is accepted", async () => {
    const gives = () => {
      throw new PermanentError("No bank knows it.");
    };
    const accepts = {
      PARKED: "a person calls the bank",
      "payment/order.placed/done/payment.charged.v1": "no bank knows anything",
    };
    const accepted = shopWith(gives, { accepts });
    const report = await simulate(accepted.choreography, { ...accepted.options, seeds: 20 });
    assert.deepEqual(Object.keys(report.accepted), ["PARKED"]);
    const holds = () => assert.fail("The books are wrong.");
    assertFound(await findingsOf(gives, 20, { accepts, holds }), "INVARIANT");
  });

  it("a run is shrunk to what is wrong in the same way, or to that of another seed", async () => {
    const { stage, seed, found } = await unluckyRun();
    const alone = await shrink(stage, found);
    assertFound(alone.result.findings, "INVARIANT");
    assert.equal(alone.result.taken.length, 5);
    assert.equal((await shrink(stage, found, seed)).result.taken.length, 2);
  });

  it("a handler that computes for ever is ended, and named", async () => {
    const environment = { HALT: "loop", ODORI_STEP_SECONDS: "1" };
    const { wrong } = await verdictOf("halting.simulation.ts", environment);
    assertFound(wrong?.findings, "ENDLESS");
    assert.match(wrong?.findings[0]?.message ?? "", /^the handler "order\.placed" of payment/);
  });

  it("a handler that ends the process is named", async () => {
    const { wrong } = await verdictOf("halting.simulation.ts", { HALT: "exit" });
    assertFound(wrong?.findings, "EXIT");
  });

  it("the shortest run is confirmed where no run was before", async () => {
    const { wrong } = await verdictOf("remembering.simulation.ts", { REMEMBERS: "wrong" });
    assertFound(wrong?.findings, "NOT_REPRODUCED");
    assert.equal(wrong?.schedule, undefined);
  });

  it("what no thread can tell another one is told in words", async () => {
    const { wrong } = await verdictOf("thrown.simulation.ts", {});
    assertFound(wrong?.findings, "PARKED");
    assert.match(wrong?.findings[0]?.message ?? "", /the bank is closed/);
  });

  it("a schedule is read as it was written, with any name of another system", async () => {
    const schedule = [{ site: 'answer bank, "EU"#1=2', index: 3, value: 2 }];
    assert.deepEqual(readSchedule(scheduleText(schedule)), schedule);
  });

  it("of several events of one type, the recorded one comes", async () => {
    const seen: string[] = [];
    const stage = await linesWith(seen);
    const recorded = [...BEGUN, lineStep(2), lineStep(1)];
    assert.equal((await new SimulatedRun(stage, { recorded }).play()).lostAt, undefined);
    assert.deepEqual(seen, ["moon", "fan"]);
  });

  it("what failed at first fails again at its own reaction", async () => {
    const stage = await linesWith([]);
    const [begun, placing] = BEGUN;
    assert.ok(begun !== undefined && placing !== undefined);
    const other = { ...placing, reaction: "gone", attempt: 2 };
    const run = await new SimulatedRun(stage, { recorded: [begun, other, placing] }).play();
    const failed = run.history.filter(({ entry }) => entry.disposition === "retrying");
    assert.deepEqual(failed, []);
  });

  it("a search that was not complete says so", async () => {
    const limits = { seeds: 0, systematic: 2, minutes: 0.000_01 };
    const { leftOut, runs } = await verdictOf("shop.simulation.ts", {}, limits);
    assert.deepEqual([leftOut, runs], ["time", 1]);
  });

  it("a record that no run follows is a finding", async () => {
    using folder = temporaryFolder("recorded");
    const replay = join(folder.path, "trace.json");
    const gone = { service: "payment", reaction: "gone", disposition: "done" };
    writeFileSync(replay, JSON.stringify({ version: 1, sagaId: "o-1", steps: [gone] }));
    const { wrong, lostAt } = await verdictOf("shop.simulation.ts", {}, { replay });
    assert.equal(lostAt, 0);
    assertFound(wrong?.findings, "NOT_FOLLOWED");
  });
}
