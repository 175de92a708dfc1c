import type { Databases } from "../../examples/order/database.ts";
import { SERVICES } from "./fleet.ts";

/**
 * Retries what was parked as `CRASHED`, as a person would: a process may be killed three times with
 * one delivery in hand, through no fault of that. Anything else that is parked stays, and is found.
 * Returns how many there were; 0 while a database is away.
 */
export async function retryCrashed(databases: Databases): Promise<number> {
  let retried = 0;
  for (const service of SERVICES) {
    const store = databases.store(service);
    try {
      for (const { seq, problem } of await store.inspect.deferred(["parked"], 1_000)) {
        if (problem?.code !== "CRASHED") continue;
        await store.inspect.retry(seq);
        retried++;
      }
    } catch {
      // The next look tries again.
    } finally {
      await store.close().catch(() => {});
    }
  }
  return retried;
}
