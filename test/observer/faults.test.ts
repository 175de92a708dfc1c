import { describe, expect, it } from "vitest";
import { LATE_AFTER_MS } from "../../src/observer/late.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/scope.ts";
import {
  asked,
  clockBehind,
  consoleOf,
  discarded,
  type FaultCase,
  parked,
  SAGA,
  sourcesIn,
  stage,
  undeclared,
  waiting,
} from "./fault-cases.ts";

/** Asks a console where the saga stands, once it has read it. */
async function replyOf(folder: string) {
  const console = consoleOf(folder);
  try {
    const listed = await eventually(
      "the saga is listed",
      async () => (await asked(console, "/api/v1/sagas")).sagas,
      (sagas) => sagas.length === 1,
    );
    const { unexplained } = await asked(console, "/api/v1/ledger");
    return { listed: listed[0], unexplained, ...(await asked(console, `/api/v1/sagas/${SAGA}`)) };
  } finally {
    await console.close();
  }
}

/** The verdict once the event is older than anything may take. */
async function verdictLater(folder: string): Promise<string | undefined> {
  const projection = new Projection(":memory:");
  const sources = sourcesIn(folder);
  await new Observer({ sources, projection, ends: undefined }).catchUp();
  projection.tick(Date.now() + LATE_AFTER_MS + 1);
  const [verdict] = projection.counts().keys();
  projection.close();
  await Promise.all(sources.map((source) => source.close()));
  return verdict;
}

const WAITS = { service: "payment", reaction: "order.placed", state: "on its way" };

/** A case that has happened, in a folder of its own. */
async function happened(fault: FaultCase) {
  const scope = new AsyncDisposableStack();
  const folder = scope.use(temporaryFolder("faults"));
  const staged = scope.use(await stage(folder.path, fault));
  await staged.write();
  return { path: folder.path, [Symbol.asyncDispose]: () => scope.disposeAsync() };
}

describe("a fault is seen as what it is, where it is:", () => {
  it.each(waiting)("$fault", async (fault) => {
    await using folder = await happened(fault);
    const { saga, why, unexplained } = await replyOf(folder.path);
    expect(saga.verdict).toBe(fault.verdict);
    const { since, type, ...open } = why[0];
    expect([open, why.length, unexplained]).toEqual([{ ...WAITS, ...fault.place }, 1, 0]);
    expect(await verdictLater(folder.path)).toBe("late");
  });

  it(parked.fault, async () => {
    await using folder = await happened(parked);
    const { saga, why, unexplained } = await replyOf(folder.path);
    expect([saga.verdict, unexplained]).toEqual([parked.verdict, 0]);
    expect(why).toMatchObject([
      {
        ...{ service: "payment", state: "parked", attempts: 8 },
        ...{ id: expect.stringMatching(/^payment\/\d+$/), problem: { code: "CARD_REFUSED" } },
      },
    ]);
  });

  it(discarded.fault, async () => {
    await using folder = await happened(discarded);
    const { saga, why, unexplained } = await replyOf(folder.path);
    expect([saga.verdict, why, unexplained]).toEqual([discarded.verdict, [], 0]);
  });

  it(undeclared.fault, async () => {
    await using folder = await happened(undeclared);
    const { saga, steps, unexplained } = await replyOf(folder.path);
    expect([saga.verdict, unexplained]).toEqual([undeclared.verdict, 0]);
    expect(steps).toMatchObject([
      { service: "order", undeclared: false },
      { service: "payment", undeclared: true },
    ]);
  });

  it(clockBehind.fault, async () => {
    await using folder = await happened(clockBehind);
    const { saga, steps, unexplained } = await replyOf(folder.path);
    expect([saga.verdict, unexplained]).toEqual([clockBehind.verdict, 0]);
    // The effect stands behind its cause, and the contradiction is marked.
    expect(steps).toMatchObject([
      { service: "order", clockContradicts: false },
      { service: "payment", clockContradicts: true, cause: 0, transitMs: 0 },
    ]);
  });
});
