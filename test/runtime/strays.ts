import assert from "node:assert/strict";
import { type LogFields, type Logger, service } from "odori";
import type { Runner } from "odori/conformance";
import { eventually } from "../support/eventually.ts";
import type { Shelf, ShelfKind } from "../support/shelf.ts";
import { silent } from "../support/stage.ts";
import { asked, askedFor, open } from "./isolation.ts";

const timer = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** How a handler may leave a statement behind, by what it is asked. */
const WAYS = ["a timer", "a helper", "a failure", "by itself", "a catch"] as const;

/** Statements that come after their handler has returned, for every store. */
export function strayCases({ describe, it }: Runner, kind: ShelfKind): void {
  describe(`statements that are not awaited, on ${kind.name}`, () => {
    it("one after the handler has returned does nothing, is logged, and ends nothing", async () => {
      const raised: unknown[] = [];
      const raise = (error: unknown) => void raised.push(error);
      process.on("unhandledRejection", raise);
      process.on("uncaughtException", raise);
      try {
        await using shelf = await kind.make();
        await play(shelf);
      } finally {
        process.off("unhandledRejection", raise);
        process.off("uncaughtException", raise);
      }
      assert.deepEqual(raised, []);
    });
  });
}

async function play(shelf: Shelf): Promise<void> {
  const logged: LogFields[] = [];
  const logger: Logger = {
    ...silent,
    error(_message, fields) {
      if (fields?.code === "STATEMENT_NOT_AWAITED") logged.push(fields);
    },
  };
  const { promise: committed, resolve: commit } = Promise.withResolvers<void>();
  const played = service<unknown>("shelf").on(asked, {
    name: "take",
    readonly: true,
    async handle({ data: { n } }, { tx }) {
      const stray = async () => shelf.note(tx, `stray ${n}`);
      if (WAYS[n] === "by itself") await timer(100);
      await shelf.note(tx, `in time ${n}`);
      switch (WAYS[n]) {
        case "a timer":
          void committed.then(() => setTimeout(() => void shelf.note(tx, `stray ${n}`), 0));
          return;
        case "a helper":
          void committed.then(() => timer(0)).then(stray);
          return;
        case "a failure":
          void committed.then(stray);
          throw new Error("it fails, and its helper goes on");
        case "by itself":
          void committed.then(stray);
          return;
        case "a catch":
          void committed.then(stray).catch((error: unknown) => assert.fail(String(error)));
      }
    },
  });
  await using stage = await open(shelf, played, { logger, retry: { attempts: 1 } });
  await stage.hear(...WAYS.map((_, n) => askedFor(n)));
  commit();
  // On a busy machine a handler may run twice, first in a group and then by itself.
  const sagas = () => [...new Set(logged.map(({ sagaId }) => sagaId))].sort();
  const all = WAYS.map((_, n) => `saga ${n}`);
  await eventually("each stray statement is logged", sagas, all);
  assert.deepEqual(new Set(logged.map(({ reaction }) => reaction)), new Set(["take"]));
  // The service goes on.
  await stage.hear(askedFor(WAYS.length));
  const kept = [0, 1, 3, 4, 5].map((n) => `in time ${n}`);
  assert.deepEqual((await shelf.seen()).notes, kept);
  assert.equal((await stage.app.health()).state, "ready");
  assert.deepEqual(await stage.codes(), ["HANDLER_FAILED"]);
}
