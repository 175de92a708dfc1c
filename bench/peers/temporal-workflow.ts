import { CancellationScope, proxyActivities, proxyLocalActivities } from "@temporalio/workflow";
import type { Steps } from "./temporal-steps.ts";

/* Bundled into Temporal's sandbox: nothing here may import what does I/O. */

const timeout = { startToCloseTimeout: "30s" } as const;

/** The order saga: four steps. What was begun is undone in reverse where one fails. */
async function saga(steps: Steps, orderId: string): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    // Noted before its step: one that was given up on may have happened.
    undo.push(() => steps.cancelOrder(orderId));
    await steps.placeOrder(orderId);
    undo.push(() => steps.refundPayment(orderId));
    await steps.authorizePayment(orderId);
    undo.push(() => steps.releaseInventory(orderId));
    await steps.reserveInventory(orderId);
    await steps.requestShipment(orderId);
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      for (const step of undo.toReversed()) await step();
    });
    throw error;
  }
}

export const order = (orderId: string): Promise<void> =>
  saga(proxyActivities<Steps>(timeout), orderId);

export const orderLocally = (orderId: string): Promise<void> =>
  saga(proxyLocalActivities<Steps>(timeout), orderId);

/** For a worker that is killed: a step that is lost is tried again soon. */
export const orderRetried = (orderId: string): Promise<void> =>
  saga(proxyActivities<Steps>({ startToCloseTimeout: "5s" }), orderId);

/** For a step that outlives its time. */
export const orderInHaste = (orderId: string): Promise<void> =>
  saga(
    proxyActivities<Steps>({ startToCloseTimeout: "5s", retry: { maximumAttempts: 1 } }),
    orderId,
  );
