import { service, start } from "odori";
import { memoryBus } from "odori/memory";
import { asPool, postgres, type Sql } from "odori/postgres";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runnerOf } from "../conformance/runner.ts";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { placed } from "../support/contracts.ts";
import { envelope, silent } from "../support/stage.ts";
import { txCases } from "./tx.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Tx on Postgres"), () => {
  let own: pg.Pool;
  let schemas: string[] = [];
  const schema = () => {
    const name = newSchema();
    schemas.push(name);
    return name;
  };
  /** Connections that find tables without a schema in `path`. */
  const searching = (path: string) => {
    const url = new URL(serverUrl("postgres"));
    url.searchParams.set("options", `-c search_path=${path}`);
    return url.href;
  };
  beforeEach(() => {
    own = new pg.Pool({ connectionString: serverUrl("postgres"), max: 1 });
  });
  afterEach(async () => {
    for (const name of schemas) await own.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
    schemas = [];
    await own.end();
  });

  txCases(runnerOf(), () => {
    const name = schema();
    return postgres({ connectionString: searching(name), schema: name });
  });

  /** Starts and stops services that each create `bookings` and write one row. */
  const book = async (hotels: readonly { schema: string; path: string }[]) => {
    for (const { schema, path } of hotels) {
      const bus = memoryBus(["hotel"]);
      const hotel = service<Sql>("hotel", {
        setup: (tx) => tx.query("CREATE TABLE IF NOT EXISTS bookings (id int)"),
      }).on(placed, {
        name: "book",
        handle: async (_, { tx }) => void (await tx.query("INSERT INTO bookings VALUES (1)")),
      });
      const store = postgres({ connectionString: searching(path), schema });
      const app = await start(hotel, { store, bus, logger: silent });
      await bus.publish([envelope(placed, "o-1", { orderId: "o-1" })]);
      await app.stop();
      await bus.close();
    }
  };

  it("schema moves Odori's tables alone: those of the service follow the search_path", async () => {
    const [common, first, second] = [schema(), schema(), schema()];
    await own.query(`CREATE SCHEMA ${common}`);
    await book([first, second].map((name) => ({ schema: name, path: common })));
    const { rows } = await own.query(`SELECT count(*)::int AS count FROM ${common}.bookings`);
    expect(rows).toEqual([{ count: 2 }]);
  });

  it("with a search_path of its own, each service has its own tables", async () => {
    const names = [schema(), schema()];
    await book(names.map((name) => ({ schema: name, path: name })));
    for (const name of names) {
      const { rows } = await own.query(`SELECT count(*)::int AS count FROM ${name}.bookings`);
      expect(rows).toEqual([{ count: 1 }]);
    }
  });

  it("asPool takes only the transaction of a handler, and no cursor", async () => {
    // @ts-expect-error a pool of `pg` has no `send`
    expect(() => asPool(own)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    const name = schema();
    const store = postgres({ connectionString: serverUrl("postgres"), schema: name });
    await store.open({ service: "shop", owner: "p1", leaseMs: 1_000, now: Date.now });
    await store.transaction(async ({ native }) => {
      const pool = asPool(native);
      const client = await pool.connect();
      const unsupported = { code: "STATEMENT_UNSUPPORTED" };
      const refused = (work: () => unknown) =>
        expect((async () => work())()).rejects.toMatchObject(unsupported);
      await refused(() => client.query({ submit() {} }));
      await client.query("BEGIN");
      const other = await asPool(native).connect();
      await refused(() => other.query("BEGIN"));
      other.release();
      await client.query("CREATE TEMP TABLE nested (n int) ON COMMIT DROP");
      await client.query("ROLLBACK");
      client.release();
      const { rows } = await pool.query("SELECT to_regclass('nested') AS found");
      expect(rows).toEqual([{ found: null }]);
    });
    await store.close();
  });
});
