import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { service, start } from "odori";
import { checkAccepted } from "odori/adapter";
import { type MemoryTx, memoryStore } from "odori/memory";
import { postgresBus } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";
import { LivingMember } from "./bus-living.ts";

const LIMIT_MS = 180_000;
const SAGAS = Array.from({ length: 20 }, (_, n) => `s-${n}`);
/** Longer than the leases of before there were locks, and shorter than those of today. */
const STALL_MS = 8_000;

/** A process that has all deliveries in hand, and a service in this one, which looks on. */
async function two(scope: AsyncDisposableStack) {
  const connectionString = serverUrl("postgres");
  const schema = newSchema();
  const own = new pg.Pool({ connectionString, max: 1 });
  scope.defer(() => own.end());
  scope.defer(async () => void (await own.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)));
  const member = scope.use(
    await LivingMember.start(connectionString, schema, "payment", placed.type),
  );
  const bus = scope.use(closing(postgresBus({ connectionString, schema })));
  const events = SAGAS.map((id) => envelope(placed, id, { orderId: id }, { id }));
  checkAccepted(await bus.publish(events));
  const taken = () => member.delivered.toSorted();
  await eventually("it has all in hand", taken, SAGAS.toSorted(), LIMIT_MS);
  const handled: string[] = [];
  const payment = service<MemoryTx>("payment").on(placed, {
    name: "charge",
    readonly: true,
    handle: ({ data }) => void handled.push(data.orderId),
  });
  const app = scope.use(
    stopping(
      await start(payment, {
        store: memoryStore(),
        bus: scope.use(closing(postgresBus({ connectionString, schema }))),
        logger: silent,
      }),
    ),
  );
  const left = async () =>
    Number((await own.query(`SELECT count(*) AS n FROM ${schema}.delivery`)).rows[0].n);
  const redelivered = async () => (await app.health()).redelivered;
  /** Until the service has looked at the process for as long. */
  const watched = async (ms: number) => {
    const text = `SELECT max(expires_at) AS at FROM ${schema}.member`;
    const at = async () => Number((await own.query(text)).rows[0].at);
    const before = await at();
    await eventually("it was watched", at, (now) => now >= before + ms, LIMIT_MS);
  };
  return { member, handled, redelivered, left, watched };
}

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "processes on the Postgres bus"),
  { timeout: LIMIT_MS },
  () => {
    it("one whose event loop stands still keeps its deliveries", async () => {
      await using scope = new AsyncDisposableStack();
      using folder = temporaryFolder("stall");
      const go = join(folder.path, "go");
      const { member, handled, redelivered, left, watched } = await two(scope);
      member.tell({ stall: go });
      await member.until("it stalls", ({ stalls }) => stalls === true);
      await watched(STALL_MS);
      expect([handled, await redelivered()]).toEqual([[], 0]);
      writeFileSync(go, "");
      member.tell({ end: true });
      await eventually("it acknowledges them", left, 0, LIMIT_MS);
      expect([handled, await redelivered()]).toEqual([[], 0]);
    });

    it("after kill -9 another one gets its deliveries, and counts them", async () => {
      await using scope = new AsyncDisposableStack();
      const { member, handled, redelivered, left, watched } = await two(scope);
      await watched(2_000);
      expect(await redelivered()).toBe(0);
      member.kill();
      await eventually("they are handled", () => handled.toSorted(), SAGAS.toSorted(), LIMIT_MS);
      await eventually("and acknowledged", left, 0, LIMIT_MS);
      expect(await redelivered()).toBe(SAGAS.length);
    });
  },
);
