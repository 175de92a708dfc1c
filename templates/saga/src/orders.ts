import { randomUUID } from "node:crypto";
import { type App, codeOf } from "odori";
import { z } from "zod";
import { orderPlaced } from "./events.ts";

/** What a client sends to place an order. */
export const orderRequest = z.object({ sku: z.string(), cents: z.int().positive() });
export type OrderRequest = z.infer<typeof orderRequest>;

export interface OrderState {
  readonly orderId: string;
  readonly state: "unknown" | "running" | "succeeded" | "failed";
}

/** Orders as the outside sees them, on the running order service. */
export class Orders<Native = unknown> {
  readonly #app: App<Native, typeof orderPlaced>;

  constructor(app: App<Native, typeof orderPlaced>) {
    this.#app = app;
  }

  /** Begins the saga of an order, and waits 5 s for its end; after that the saga goes on. */
  async place({ sku, cents }: OrderRequest): Promise<OrderState> {
    const orderId = randomUUID();
    await this.#app.begin(orderId, () => orderPlaced({ orderId, sku, cents }));
    try {
      const { state } = await this.#app.waitFor(orderId, { timeout: "5s" });
      return { orderId, state };
    } catch (error) {
      const goesOn = ["WAIT_TIMEOUT", "WAITERS_FULL", "STOPPED"].includes(codeOf(error));
      if (!goesOn) throw error;
      return { orderId, state: "running" };
    }
  }

  async find(orderId: string): Promise<OrderState> {
    const { state } = await this.#app.status(orderId);
    return { orderId, state };
  }
}
