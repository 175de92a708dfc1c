import { systemEnvironment } from "odori";
import { expect, it } from "vitest";
import type { HandlerScope, Together } from "../../src/ports/transaction.ts";
import { runTogether } from "../../src/runtime/together.ts";

const LIMIT_MS = 1;
const receipt = {
  reaction: "r",
  source: "/s",
  id: "1",
  type: "t",
  gathers: false,
  seeks: [],
  deferred: undefined,
};
const received = {
  status: "fresh",
  born: 0,
  marks: new Map(),
  gathered: [],
  found: false,
} as const;

/** What a scope of a fake server is to say, and what became of it. */
interface Seat {
  readonly touched: boolean;
  readonly contended: boolean;
  detached: boolean;
}

/** Scopes as a server leaves them: each handler takes the next seat. */
function seated(seats: readonly Seat[]): Together<string> {
  let made = 0;
  return {
    culprits: new Set(),
    scope(): HandlerScope<string> {
      const seat = seats[made++] ?? { touched: false, contended: false, detached: false };
      const tx = {
        native: "",
        contended: false,
        returned() {},
        complete: () => Promise.reject(new Error("it is not completed here")),
        abandon: async () => {},
      };
      return {
        native: "",
        touched: seat.touched,
        flights: seat.touched ? 1 : 0,
        contended: seat.contended,
        returned() {},
        keep() {},
        undo() {},
        detach() {
          seat.detached = true;
          return tx;
        },
      };
    },
    keep() {},
    async interrupt() {},
    async undo() {},
  };
}

function readyFor(sagaId: string, ends: boolean) {
  return {
    received,
    task: {
      receipt: { ...receipt, sagaId },
      fields: {},
      completion: { done() {}, failed() {} },
      run: () => (ends ? undefined : new Promise<void>(() => {})),
    },
  };
}

const limits = { environment: systemEnvironment, limitMs: LIMIT_MS };

it("a slow handler is out of its group in the turn in which the group looked at it", async () => {
  const seats = [true, false].map((touched) => ({ touched, contended: false, detached: false }));
  const result = await runTogether(
    seated(seats),
    [readyFor("ends", true), readyFor("waits", false)],
    limits,
  );
  // Before anything else runs: its statement could come now, and would commit with the group.
  expect(seats.map(({ detached }) => detached)).toEqual([false, true]);
  expect(result).toMatchObject({
    kept: true,
    companions: [{ task: { receipt: { sagaId: "ends" } } }],
    detached: [{ task: { receipt: { sagaId: "waits" } } }],
  });
});

it("those behind one that waits for a lock are not slow: they travel together again", async () => {
  const seats = [false, true, false].map((contended) => {
    return { touched: true, contended, detached: false };
  });
  const ready = ["before", "waits", "behind"].map((id) => readyFor(id, id === "before"));
  const result = await runTogether(seated(seats), ready, limits);
  expect(result).toMatchObject({
    kept: false,
    culprits: [],
    slow: [],
    contended: [{ task: { receipt: { sagaId: "waits" } } }],
    others: [
      { task: { receipt: { sagaId: "before" } } },
      { task: { receipt: { sagaId: "behind" } } },
    ],
  });
});

it("the first one that was not answered is slow, and only that one", async () => {
  const seats = [1, 2, 3].map(() => ({ touched: true, contended: false, detached: false }));
  const ready = ["first", "second", "third"].map((id) => readyFor(id, false));
  const result = await runTogether(seated(seats), ready, limits);
  expect(result).toMatchObject({
    kept: false,
    slow: [{ receipt: { sagaId: "first" } }],
    others: [
      { task: { receipt: { sagaId: "second" } } },
      { task: { receipt: { sagaId: "third" } } },
    ],
    overdue: undefined,
  });
});

it("behind those that were answered, the first one that was not is not slow", async () => {
  const seats = [1, 2, 3].map(() => ({ touched: true, contended: false, detached: false }));
  const ready = ["done", "late", "behind"].map((id) => readyFor(id, id === "done"));
  const result = await runTogether(seated(seats), ready, limits);
  expect(result).toMatchObject({
    slow: [],
    others: [
      { task: { receipt: { sagaId: "done" } } },
      { task: { receipt: { sagaId: "behind" } } },
    ],
    overdue: { answered: 1, first: [{ task: { receipt: { sagaId: "late" } } }] },
  });
});
