import { type Logger, service, start } from "odori";
import { postgres, postgresBus, type Sql } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { authorized, placed, reserved } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";

const SAGAS = 200;

function recorded() {
  const lines: string[] = [];
  const keep: Logger["warn"] = (message, fields) =>
    void lines.push(`${message} ${JSON.stringify(fields)} ${String(fields?.error)}`);
  return { lines, logger: { debug() {}, info() {}, warn: keep, error: keep } };
}

describe.skipIf(urlOf("pgbouncer") === undefined)(
  titleOf("pgbouncer", "Postgres behind PgBouncer in transaction mode"),
  () => {
    it.each([
      { prepare: undefined, warned: true },
      { prepare: true, warned: true },
      { prepare: false, warned: false },
    ])(
      "pgbouncer-transaction-mode: sagas end, with prepare: $prepare",
      async ({ prepare, warned }) => {
        await using scope = new AsyncDisposableStack();
        const name = newSchema();
        const own = new pg.Client({ connectionString: serverUrl("postgres") });
        await own.connect();
        scope.defer(() => own.end());
        await own.query(`CREATE SCHEMA ${name}; CREATE TABLE ${name}.charge (id text NOT NULL)`);
        const { lines, logger } = recorded();
        const pooled = {
          connectionString: serverUrl("pgbouncer"),
          ...(prepare === undefined ? {} : { prepare }),
        };
        const bus = () => scope.use(closing(postgresBus({ ...pooled, schema: `${name}_bus` })));
        const on = (schema: string) => ({
          store: postgres({ ...pooled, schema: `${name}_${schema}` }),
          bus: bus(),
          logger,
          pollMs: 20,
        });
        const payment = service<Sql>("payment").on(placed, {
          emits: [authorized],
          async handle({ data }, { tx }) {
            await tx.query(`INSERT INTO ${name}.charge VALUES ($1)`, [data.orderId]);
            return authorized(data);
          },
        });
        const stock = service<Sql>("inventory").on(authorized, {
          emits: [reserved],
          handle: ({ data }) => reserved(data),
        });
        const heard = new Set<string>();
        await bus().subscribe(
          { group: "audience", topics: [reserved.type], inFlightMax: 100 },
          async (incoming) => {
            if (!("malformed" in incoming)) heard.add(incoming.sagaId);
          },
        );
        const shop = scope.use(
          stopping(await start(service<Sql>("order").begins(placed), on("order"))),
        );
        // Two processes of a service: each has more connections than the pooler has for both.
        scope.use(stopping(await start(payment, on("payment"))));
        scope.use(stopping(await start(payment, on("payment"))));
        scope.use(stopping(await start(stock, on("inventory"))));
        await Promise.all(
          Array.from({ length: SAGAS }, (_, n) =>
            shop.begin(`s-${n}`, () => placed({ orderId: `s-${n}` })),
          ),
        );
        await eventually("every saga has ended", () => heard.size, SAGAS);
        const { rows } = await own.query(`SELECT count(*)::int AS charges FROM ${name}.charge`);
        expect(rows).toEqual([{ charges: SAGAS }]);
        expect(lines.filter((line) => /prepared statement|failed/i.test(line))).toEqual([]);
        expect(lines.some((line) => line.includes("A pooler stands before"))).toBe(warned);
      },
    );
  },
);
