/*
 * A saga that begins in a transaction of your own. The shop writes its order through Drizzle, and
 * begins the saga in the same transaction: a commit keeps both, a rollback loses both.
 *
 *   docker compose up -d postgres    (or ORDER_POSTGRES=postgres://… for another server)
 *   npm install --prefix examples/drizzle
 *   npm run example examples/drizzle/main.ts
 */
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgSchema, text } from "drizzle-orm/pg-core";
import { choreography, event, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { fromDrizzle, postgres, type Sql } from "odori/postgres";
import { sqlite } from "odori/sqlite";
import pg from "pg";
import { z } from "zod";
import { story } from "../support/story.ts";

const orderPlaced = event(
  "order.placed.v1",
  z.object({ orderId: z.string(), cents: z.int().positive() }),
);
const paymentCharged = event("payment.charged.v1", z.object({ orderId: z.string() }));

const order = service<Sql>("order").begins(orderPlaced);
const payment = service("payment").on(orderPlaced, {
  emits: [paymentCharged],
  handle: ({ data: { orderId } }) => paymentCharged({ orderId }),
});

export default choreography("drizzle", {
  services: [order, payment],
  begins: [orderPlaced],
  succeeds: [paymentCharged],
});

if (import.meta.main) {
  const local = "postgres://postgres:odori@localhost:5432/postgres";
  const connectionString = process.env.ORDER_POSTGRES ?? local;
  const schema = "odori_example_drizzle";
  const orders = pgSchema(schema).table("orders", {
    id: text().primaryKey(),
    cents: integer().notNull(),
  });

  const pool = new pg.Pool({ connectionString });
  const db = drizzle(pool);
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  const bus = memoryBus([order, payment]);
  // Odori's tables and the shop's own are in one database, so one transaction has both.
  const shop = await start(order, { store: postgres({ connectionString, schema }), bus });
  const apps = [shop, await start(payment, { store: sqlite(":memory:"), bus })];
  await pool.query(`CREATE TABLE ${schema}.orders (id text PRIMARY KEY, cents integer NOT NULL)`);

  /** The shop's own code: its transaction, its rows, and the saga. */
  const place = (orderId: string, cents: number) =>
    db.transaction(async (tx) => {
      await tx.insert(orders).values({ id: orderId, cents });
      const within = fromDrizzle(tx, sql);
      await shop.begin(orderId, () => orderPlaced({ orderId, cents }), { within });
      if (cents > 1_000) throw new Error("That is more than the shop sells at once.");
    });

  await place("order-1", 500);
  await story("Committed:", apps, "order-1", { payment: orderPlaced });
  await place("order-2", 5_000).catch(({ message }: Error) => {
    process.stdout.write(`Rolled back: ${message}\n`);
  });
  const rows = await db.select().from(orders);
  process.stdout.write(`Orders: ${rows.map(({ id }) => id).join(", ")}\n`);
  process.stdout.write(`Sagas: ${(await shop.inspect.sagas(10)).join(", ")}\n`);

  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
}
