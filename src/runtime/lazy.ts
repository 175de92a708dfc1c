import type { Service } from "../choreography/service.ts";
import type { EventContract } from "../contract/event.ts";
import type { StartOptions } from "./options.ts";
import type { App } from "./start.ts";

/**
 * Runs a service on a store and a bus. It prepares the database, joins the consumer group, and
 * takes up the work of an earlier process. Throws `OPTION_INVALID` or `RETENTION_TOO_SHORT`, and
 * rejects with the errors of the store and the bus.
 *
 * The runtime is loaded with the first call: a program that only declares contracts and services,
 * such as a command or a test, does not load it.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { memoryBus } from "odori/memory";
 * import { sqlite } from "odori/sqlite";
 * import { order, payment } from "./services.ts";
 *
 * const bus = memoryBus([order, payment]);
 * const apps = await Promise.all([
 *   start(order, { store: sqlite("order.db"), bus }),
 *   start(payment, { store: sqlite("payment.db"), bus, retry: { attempts: 5 } }),
 * ]);
 * await Promise.all(apps.map((app) => app.stop()));
 * ```
 */
export async function start<Native, Begins extends EventContract>(
  service: Service<Native, Begins>,
  options: StartOptions<Native>,
): Promise<App<Native, Begins>> {
  const { startApp } = await import("./start.ts");
  return startApp(service, options);
}
