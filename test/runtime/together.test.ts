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

/** Scopes as a server leaves them that waits for a lock at the second of three statements. */
function locked(): Together<string> {
  const contended = [false, true, false];
  let made = 0;
  return {
    culprits: new Set(),
    scope(): HandlerScope<string> {
      const n = made++;
      return {
        native: `${n}`,
        touched: true,
        statements: 1,
        contended: contended[n] ?? false,
        returned() {},
        keep() {},
        undo() {},
        detach() {
          throw new Error("it has touched its transaction");
        },
      };
    },
    keep() {},
    async undo() {},
  };
}

it("those behind one that waits for a lock are not slow: they travel together again", async () => {
  const ready = ["before", "waits", "behind"].map((sagaId) => ({
    received,
    task: {
      receipt: { ...receipt, sagaId },
      fields: {},
      completion: { done() {}, failed() {} },
      run: () => (sagaId === "before" ? undefined : new Promise<void>(() => {})),
    },
  }));
  const limits = { environment: systemEnvironment, limitMs: LIMIT_MS };
  const result = await runTogether(locked(), ready, limits);
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
