import type { Order } from "./orders.ts";

/** What the fleet tells a process. */
export interface Ask {
  readonly place?: readonly Order[];
  readonly health?: true;
}

/** What a process tells the fleet. */
export interface Reply {
  readonly ready?: true;
  /** The order is committed. */
  readonly placed?: string;
  /** `unknown` of its `health()`; null where the database could not be read. */
  readonly unknown?: Readonly<Record<string, number>> | null;
}
