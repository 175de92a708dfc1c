import { choreography, event, service } from "odori";
import type { SimulationOptions } from "odori/simulate";
import type { Sql } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { RecordedStep } from "../../src/simulate/record.ts";
import { readRecording } from "../../src/simulate/record.ts";
import { type RunResult, SimulatedRun } from "../../src/simulate/run.ts";
import { SqlRows } from "../../src/simulate/sql-rows.ts";
import { Stage } from "../../src/simulate/stage.ts";

const data = z.object({});
const placed = event("order.placed.v1", data);
const accepted = event("order.accepted.v1", data);
const expired = event("order.expired.v1", data);
const paid = event("bank.paid.v1", data);
const settled = event("payment.settled.v1", data);
const mailed = event("mail.sent.v1", data);
const printed = event("mail.printed.v1", data);

const order = service<Sql>("order")
  .begins(placed)
  .on(placed, { readonly: true, emits: [accepted], handle: () => accepted({}) })
  .deadline(placed, { after: "3h", unless: [settled], emits: [expired] })
  .on(settled, { readonly: true, handle() {} });
const payment = service<Sql>("payment").on(paid, {
  emits: [settled],
  handle: () => settled({}),
});
/** Two reactions to the same event. */
const mail = service<Sql>("mail", { mayPark: true })
  .on(accepted, { name: "send", effect: "letter", emits: [mailed], handle: () => mailed({}) })
  .on(accepted, { name: "print", effect: "copy", emits: [printed], handle: () => printed({}) });
const shop = choreography("shop", {
  services: [order, payment, mail],
  begins: [placed],
  arrives: [paid],
  succeeds: [accepted],
  external: [expired, settled, mailed, printed],
});

const given: SimulationOptions<Sql>["given"] = ({ begin, arrive }) => {
  begin(order, "o-1", () => placed({}));
  arrive("o-1", paid({}));
};

const step = (service: string, reaction: string, more: Partial<RecordedStep>): RecordedStep => ({
  ...{ service, reaction, disposition: "done", duplicates: 0, ...more },
});
const BEGUN = step("order", "begin", { disposition: "begun" });
const PLACED = step("order", "order.placed", {
  ...{ heard: placed.type, from: { step: 0, emitted: 0 } },
});
const PAID = step("payment", "bank.paid", { heard: paid.type });

/** Each reaction with its end and attempts, in order. */
function played({ history }: RunResult): readonly string[] {
  return history
    .filter(({ entry }) => !["retrying", "disarmed"].includes(entry.disposition))
    .map(
      ({ entry: { reaction, disposition, attempt } }) => `${reaction} ${disposition} ${attempt}`,
    );
}

async function follow(recorded: readonly RecordedStep[]): Promise<RunResult> {
  const stage = await Stage.prepare(shop, { given }, () => new SqlRows());
  const run = await new SimulatedRun(stage, { recorded }).play();
  expect([run.lostAt, run.findings]).toEqual([undefined, []]);
  return run;
}

describe("what is recorded", () => {
  it("from outside comes at its place", async () => {
    const answered = step("order", "payment.settled", { heard: settled.type });
    const run = await follow([BEGUN, PAID, { ...answered, from: { step: 1, emitted: 0 } }, PLACED]);
    expect(played(run).slice(0, 4)).toEqual([
      "begin begun 1",
      "bank.paid done 1",
      "payment.settled done 1",
      "order.placed done 1",
    ]);
  });

  it.each([
    [1, 3],
    [3, 1],
  ])("fails at its own reaction: send %d, print %d", async (send, print) => {
    const hears = { heard: accepted.type, from: { step: 1, emitted: 0 } };
    const run = await follow([
      ...[BEGUN, PLACED],
      step("mail", "send", { ...hears, attempt: send }),
      step("mail", "print", { ...hears, attempt: print }),
    ]);
    expect(played(run)).toEqual(
      expect.arrayContaining([`send done ${send}`, `print done ${print}`]),
    );
  });

  it("of a deadline fails as often again", async () => {
    const late = { heard: placed.type, disposition: "expired", attempt: 3 };
    const run = await follow([BEGUN, step("order", "deadline order.expired", late), PLACED]);
    expect(played(run).slice(0, 2)).toEqual(["begin begun 1", "deadline order.expired expired 3"]);
  });

  it.each(["parked", "discarded"])("as %s does not hold up what came behind it", async (end) => {
    const parked = { heard: accepted.type, from: { step: 1, emitted: 0 }, disposition: end };
    const run = await follow([
      ...[BEGUN, PLACED, step("mail", "send", { ...parked, attempt: 25 }), PAID],
    ]);
    // The deadline of 3 hours has not passed.
    expect(played(run)).toEqual(expect.arrayContaining(["send done 25", "bank.paid done 1"]));
    expect(played(run).join()).not.toContain("expired");
  });
});

it("a long recording is followed, and one without an end of causes is refused", async () => {
  const steps = [BEGUN, ...Array.from({ length: 9_000 }, (_, at) => ({ ...PLACED, at }))];
  const chain = steps.map(({ from, ...one }, at) => ({
    ...one,
    ...(from && { from: { step: at - 1, emitted: 0 } }),
  }));
  const { steps: recorded } = readRecording(
    JSON.stringify({ version: 1, sagaId: "o-1", steps: chain }),
  );
  const stage = await Stage.prepare(shop, { given }, () => new SqlRows());
  expect((await new SimulatedRun(stage, { recorded }).play()).lostAt).toBe(2);
  const circle = [{ ...BEGUN }, { ...PLACED, from: { step: 1, emitted: 0 } }];
  expect(() => readRecording(JSON.stringify({ version: 1, sagaId: "o-1", steps: circle }))).toThrow(
    "a step does not come behind the one that has caused it",
  );
});
