import type { CrashPoint } from "odori";
import type { Sales, Stock } from "./stock.ts";

/** Servers that a contestant may need, by URL. */
export interface Servers {
  readonly postgres: string;
  readonly nats: string;
  readonly rabbitmq: string;
  readonly kafka: string;
  readonly redis: string;
  /** The folder with Temporal's programs: each round starts a server of its own. */
  readonly temporal: string;
}

export type ServerName = keyof Servers;

/** The four steps, each with a database (or schema, or tables) of its own. */
export const SERVICES = ["orders", "payment", "inventory", "shipping"] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Called when the last step of a saga is committed. */
export type Finished = (orderId: string) => void;

export interface Opening {
  readonly servers: Servers;
  /** An empty folder, removed afterwards. */
  readonly folder: string;
  readonly finished: Finished;
  /** The contended workload: the step `inventory` also takes a piece of the order's article. */
  readonly stock?: Stock;
  /** Told of the points that the services of Odori pass. */
  readonly passed?: (service: ServiceName, point: CrashPoint) => void;
}

/**
 * One way to run the workload: order, payment, inventory, shipping. Each step is one local
 * transaction that writes one business row.
 */
export interface Contestant {
  /** Its durability and configuration, printed beside the figures. */
  readonly durability: string;
  /** Sagas that it bears at once; 2,000 where nothing is said. */
  readonly inFlight?: number;
  open(opening: Opening): Promise<Running>;
}

export interface Running {
  /** Begins one saga; resolves once its first step is committed. */
  begin(orderId: string): Promise<unknown>;
  /**
   * Begins many at once, where the contestant has a way to do so that is not `begin` many times.
   */
  beginAll?(orderIds: readonly string[]): Promise<unknown>;
  /** The orders that have a business row, step by step, one for each row. */
  rows(): Promise<Readonly<Record<ServiceName, readonly string[]>>>;
  /** What the contended workload has sold. */
  sales?(): Promise<Sales>;
  close(): Promise<void>;
}

/**
 * An order's id, as all contestants write it: 14 hexadecimal digits, like those of the finished
 * sagas of `bench/growth`, among which they lie. Neighbours have nothing in common, as the ids of
 * customers: ids in order would spare each index its random writes.
 */
export function orderIdOf(n: number): string {
  const text = (value: number) => (mixed(value) >>> 0).toString(16).padStart(8, "0");
  return `o-${text(n)}${text(n ^ 0x5bd1e995).slice(2)}`;
}

/** The finalizer of MurmurHash3, which maps 32 bits to 32 bits one to one. */
function mixed(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
