import type { Service } from "../choreography/service.ts";
import type { EventContract } from "../contract/event.ts";
import type { StartOptions } from "./options.ts";
import type { App } from "./start.ts";

/**
 * Runs a service on a store and a bus: prepares the database, joins its consumer group, and takes
 * up what an earlier process left behind. Throws `OPTION_INVALID` or `RETENTION_TOO_SHORT`, and
 * whatever the store or the bus refuses with.
 *
 * The runtime is loaded with the first call: whoever only declares contracts and services, as every
 * command and every test of them does, need not wait for it.
 */
export async function start<Native, Begins extends EventContract>(
  service: Service<Native, Begins>,
  options: StartOptions<Native>,
): Promise<App<Native, Begins>> {
  const { start: run } = await import("./start.ts");
  return run(service, options);
}
