import { choreography, event, service } from "odori";
import { type Sql, testSchemas } from "odori/postgres";
import { given, testSaga } from "odori/testing";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const expired = event("order.expired.v1", payload);
const cancelled = event("order.cancelled.v1", payload);
const charged = event("payment.charged.v1", payload);
const refunded = event("payment.refunded.v1", payload);
const completed = event("order.completed.v1", payload);
const data = { orderId: "o-1" };
const CREATE = "CREATE TABLE IF NOT EXISTS entries (order_id text, what text)";
const put = (tx: Sql, what: string) =>
  tx.query("INSERT INTO entries VALUES ($1, $2)", [data.orderId, what]);
const entries = async (tx: Sql) => (await tx.query("SELECT what FROM entries")).rows;

/** Both services have a table of one name: each in its own schema. */
const order = service<Sql>("order", { setup: (tx) => tx.query(CREATE) })
  .begins(placed)
  .deadline(placed, { after: "15m", unless: [charged], emits: [expired] })
  .on(charged, {
    firstOf: "end",
    emits: [completed],
    async handle(_, { tx }) {
      await put(tx, "completed");
      return completed(data);
    },
  })
  .undo(placed, {
    on: [expired],
    emits: [cancelled],
    firstOf: "end",
    async handle(_, { tx }) {
      await put(tx, "cancelled");
      return cancelled(data);
    },
  });
const payment = service<Sql>("payment", { setup: (tx) => tx.query(CREATE) })
  .on(placed, {
    emits: [charged],
    async handle(_, { tx }) {
      await put(tx, "charged");
      return charged(data);
    },
  })
  .undo(charged, {
    on: [cancelled],
    emits: [refunded],
    async handle(_, { tx }) {
      await tx.query("DELETE FROM entries");
      return refunded(data);
    },
  });
const sale = choreography("sale", {
  services: [order, payment],
  begins: [placed],
  succeeds: [completed],
  fails: [cancelled],
  external: [refunded],
});

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "the testing kit on a server"),
  () => {
    it("one reaction, and its rows", async () => {
      await using schemas = await testSchemas(serverUrl("postgres"));
      await using then = await given(placed(data)).when(payment, schemas);
      expect([then.disposition, then.emitted]).toEqual(["done", [charged(data)]]);
      expect(await then.rows(entries)).toEqual([{ what: "charged" }]);
      await using undone = await given(placed(data), cancelled(data)).when(payment, schemas);
      expect([undone.disposition, await undone.rows(entries)]).toEqual(["undone", []]);
    });

    it("says that a role may not make schemas, and that the server is away", async () => {
      const own = new pg.Client({ connectionString: serverUrl("postgres") });
      await own.connect();
      const role = newSchema();
      await own.query(`CREATE ROLE ${role} LOGIN`);
      const asRole = new URL(serverUrl("postgres"));
      asRole.username = role;
      await expect(testSchemas(asRole.href)).rejects.toMatchObject({ code: "STORE_FORBIDDEN" });
      await own.query(`DROP ROLE ${role}`);
      await own.end();
      const nowhere = testSchemas("postgres://localhost:1/test");
      await expect(nowhere).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    });

    it("a handler that is given up commits by itself, and is waited for then", async () => {
      await using schemas = await testSchemas(serverUrl("postgres"));
      const bank = Promise.withResolvers<void>();
      const slow = service<Sql>("slow", { setup: (tx) => tx.query(CREATE) }).on(placed, {
        emits: [charged],
        async handle(_, { tx }) {
          await bank.promise;
          await put(tx, "charged");
          return charged(data);
        },
      });
      const whole = choreography("slow", {
        services: [service<Sql>("order").begins(placed), slow],
        begins: [placed],
        succeeds: [charged],
      });
      await using saga = await testSaga(whole, { ...schemas, patienceMs: 1_000 });
      await saga.begin(placed(data));
      await saga.assertEnded(undefined);
      bank.resolve();
      await saga.settle();
      await saga.assertEnded("succeeded");
      await saga.assertRows("slow", entries, [{ what: "charged" }]);
    });

    it("a saga, with the virtual time in the database", async () => {
      await using schemas = await testSchemas(serverUrl("postgres"));
      await using saga = await testSaga(sale, schemas);
      await saga.dropOut("payment");
      await saga.begin(placed(data));
      await saga.advance("14m");
      await saga.assertEnded(undefined);
      await saga.until(cancelled);
      expect(saga.now.toISOString()).toBe("2026-01-01T00:15:00.001Z");
      await saga.comeBack("payment");
      await saga.assertEnded("failed");
      await saga.assertUndone();
      await saga.assertRows("order", entries, [{ what: "cancelled" }]);
    });
  },
);
