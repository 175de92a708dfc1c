/** Servers that a contestant may need, by URL. */
export interface Servers {
  readonly postgres: string;
  readonly nats: string;
  readonly rabbitmq: string;
  readonly kafka: string;
  readonly redis: string;
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
}

/**
 * One way to run the workload: order, payment, inventory, shipping. Each step is one local
 * transaction that writes one business row.
 */
export interface Contestant {
  /** Its durability and configuration, printed beside the figures. */
  readonly durability: string;
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
  close(): Promise<void>;
}

/** An order's id, as all contestants write it. */
export function orderIdOf(n: number): string {
  return `o-${n.toString(36).padStart(7, "0")}`;
}
