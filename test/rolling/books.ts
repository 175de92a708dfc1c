import type { Context } from "odori";
import { create, run, type Tx } from "../../examples/order/database.ts";
import { isFlaky, LIMIT_CENTS, NO_STOCK, type Order } from "./orders.ts";

/*
 * What the handlers of both versions do to the tables of the business. No table has a unique
 * constraint: what is done twice shows. Each line says which version wrote it, and in which order.
 */

type Version = "1" | "2";
/** What happened to an order, in one service. */
type Happening =
  | "placed"
  | "completed"
  | "cancelled"
  | "delayed"
  | "delayed too late"
  | "charged"
  | "refunded"
  | "scored"
  | "reserved"
  | "missing"
  | "released"
  | "asked"
  | "shipped";

export const setup = (tx: Tx) =>
  create(
    tx,
    `CREATE TABLE IF NOT EXISTS deeds (
       order_id TEXT NOT NULL, deed TEXT NOT NULL, cents INTEGER NOT NULL,
       version TEXT NOT NULL, attempt INTEGER NOT NULL
     );
     CREATE INDEX IF NOT EXISTS deeds_order ON deeds (order_id)`,
  );

/** Attempts that fail of an order that is flaky. */
const FAILING = 2;

export class Books {
  readonly version: Version;

  constructor(version: Version) {
    this.version = version;
  }

  async write(
    { tx, attempt }: Pick<Context<Tx>, "tx" | "attempt">,
    orderId: string,
    deed: Happening,
    cents = 0,
  ): Promise<void> {
    const values = [orderId, deed, cents, this.version, attempt];
    await run(tx, "INSERT INTO deeds VALUES (?, ?, ?, ?, ?)", ...values);
  }

  /** Writes before it fails: what a failed attempt wrote must not stay. */
  async flaky(
    context: Context<Tx>,
    orderId: string,
    deed: Happening,
    every: number,
  ): Promise<void> {
    if (!isFlaky(orderId, every) || context.attempt > FAILING) return;
    await this.write(context, orderId, deed);
    throw new Error("the first attempts fail");
  }

  /** Returns whether the money could be taken. */
  async charge(context: Context<Tx>, { orderId, cents }: Order): Promise<boolean> {
    await this.flaky(context, orderId, "charged", 6);
    if (cents > LIMIT_CENTS) return false;
    await this.write(context, orderId, "charged", cents);
    return true;
  }

  /** Returns whether there are goods. */
  async reserve(context: Context<Tx>, { orderId, sku }: Order): Promise<boolean> {
    await this.flaky(context, orderId, "reserved", 7);
    await this.write(context, orderId, sku === NO_STOCK ? "missing" : "reserved");
    return sku !== NO_STOCK;
  }
}
