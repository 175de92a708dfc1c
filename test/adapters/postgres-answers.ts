import assert from "node:assert/strict";
import type { Session } from "odori";
import type { Runner } from "odori/conformance";
import { postgres } from "odori/postgres";
import pg from "pg";
import { writes } from "../../src/conformance/samples.ts";
import { TcpProxy } from "../chaos/proxy.ts";
import { newSchema } from "../servers/postgres.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";

/** Well above the lease, after which what is claimed is free; only a broken store takes as long. */
const LIMIT_MS = 10_000;

const EMPTY = writes({});
const RECEIVED = {
  reaction: "charge",
  source: "/order",
  id: "1",
  type: placed.type,
  sagaId: "s",
  causationId: undefined,
  disposition: "done",
  effect: undefined,
  emitted: [],
} as const;

/**
 * A Postgres store whose replies are lost on the way: the server has done its part, and the store
 * must find that out.
 */
export function lostAnswers({ describe, it }: Runner, url: () => string): void {
  const session = (owner: string): Session => ({
    service: "shop",
    owner,
    leaseMs: 300,
    now: Date.now,
  });
  const behindProxy = (name: string, body: (parts: Parts) => Promise<void>) => {
    it(name, async () => {
      const direct = new URL(url());
      await using scope = new AsyncDisposableStack();
      const own = new pg.Pool({ connectionString: url(), max: 1 });
      scope.defer(() => own.end());
      const schema = newSchema();
      scope.defer(async () => void (await own.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)));
      const proxy = scope.use(closing(await TcpProxy.listen()));
      proxy.target = Number(direct.port);
      const through = new URL(url());
      through.port = String(proxy.port);
      const neighbour = scope.use(closing(postgres({ connectionString: url(), schema })));
      const store = postgres({ connectionString: through.href, schema });
      // Its connection may be broken by then.
      scope.defer(() => store.close().catch(() => {}));
      await store.open(session("p1"));
      await own.query(`CREATE TABLE ${schema}.effects (what text)`);
      const effects = async () =>
        (await own.query(`SELECT what FROM ${schema}.effects`)).rows.map((row) => String(row.what));
      await body({ store, neighbour, proxy, schema, effects });
    });
  };

  describe("postgres: lost answers", () => {
    behindProxy(
      "a COMMIT that was not answered is found to have happened",
      async ({ store, proxy, schema, effects }) => {
        const { ticket } = await store.transaction(async (tx) => {
          await tx.native.query(`INSERT INTO ${schema}.effects VALUES ('charged')`);
          proxy.swallowAfter("COMMIT", 100);
          return tx.write({
            ...EMPTY,
            journal: [RECEIVED],
            enqueue: [envelope(placed, "s", { orderId: "s" })],
          });
        });
        assert.equal(typeof ticket, "number");
        assert.deepEqual(await effects(), ["charged"]);
      },
    );

    behindProxy(
      "a COMMIT sent along with the last write has happened: its events are published",
      async (parts) => {
        const { store, proxy, schema, effects } = parts;
        const { ticket } = await store.transaction(async (tx) => {
          await tx.native.query(`INSERT INTO ${schema}.effects VALUES ('charged')`);
          proxy.swallowAfter("odori_write", 100);
          return tx.write(
            { ...EMPTY, journal: [RECEIVED], enqueue: [envelope(placed, "s", { orderId: "s" })] },
            { last: true },
          );
        });
        assert.equal(ticket, undefined);
        assert.deepEqual(await effects(), ["charged"]);
        await eventually(
          "the relay finds them",
          async () => (await store.claim(10)).outbox.length,
          1,
          LIMIT_MS,
        );
      },
    );

    behindProxy(
      "the error of the last write is reported, not that of the COMMIT behind it",
      async ({ store, schema, effects }) => {
        await store.transaction((tx) =>
          tx.write({ ...EMPTY, journal: [RECEIVED] }, { last: true }),
        );
        const again = store.transaction(async (tx) => {
          await tx.native.query(`INSERT INTO ${schema}.effects VALUES ('charged twice')`);
          return tx.write({ ...EMPTY, journal: [RECEIVED] }, { last: true });
        });
        await assert.rejects(again, { code: "DUPLICATE_DELIVERY" });
        assert.deepEqual(await effects(), []);
      },
    );

    behindProxy(
      "a COMMIT that never arrived is found not to have happened",
      async ({ store, proxy, schema, effects }) => {
        const attempt = store.transaction(async (tx) => {
          await tx.native.query(`INSERT INTO ${schema}.effects VALUES ('charged')`);
          await tx.write({
            ...EMPTY,
            journal: [RECEIVED],
            enqueue: [envelope(placed, "s", { orderId: "s" })],
          });
          proxy.cut();
        });
        await assert.rejects(attempt, { code: "STORE_UNAVAILABLE" });
        assert.deepEqual(await effects(), []);
      },
    );

    // COMMIT is sent along, so the server has done all of it.
    behindProxy("a claim with a lost reply is free again", async ({ store, neighbour, proxy }) => {
      await neighbour.open(session("p2"));
      await neighbour.transaction((tx) =>
        tx.write({ ...EMPTY, enqueue: [envelope(placed, "s", { orderId: "s" })] }),
      );
      await neighbour.close();
      proxy.swallowAfter("odori_claim_outbox", 50);
      await assert.rejects(store.claim(10), { code: "STORE_UNAVAILABLE" });
      await eventually(
        "it is claimed",
        async () => (await store.claim(10)).outbox.length,
        1,
        LIMIT_MS,
      );
    });
  });
}

interface Parts {
  /** Behind the proxy. */
  readonly store: ReturnType<typeof postgres>;
  /** Straight to the server. */
  readonly neighbour: ReturnType<typeof postgres>;
  readonly proxy: TcpProxy;
  readonly schema: string;
  effects(): Promise<readonly string[]>;
}
