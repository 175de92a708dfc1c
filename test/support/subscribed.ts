import { type Bus, type Deliver, type SubscribeOptions, systemEnvironment } from "odori";
import { Membership } from "../../src/runtime/membership.ts";
import { silent } from "./stage.ts";

/** Stays subscribed as a service does: a lost subscription is made again. */
export async function subscribed(
  bus: Bus,
  options: SubscribeOptions,
  deliver: Deliver,
): Promise<{ close(): Promise<void> }> {
  const parts = { bus, environment: systemEnvironment, logger: silent };
  const membership = new Membership(parts, options, deliver);
  await membership.open();
  return { close: () => membership.stop() };
}
