import { OPTIONAL, type Runner } from "./runner.ts";
import { claimsSuite } from "./store-claims.ts";
import { declarationsSuite } from "./store-declarations.ts";
import { deferredSuite } from "./store-deferred.ts";
import { fenceSuite } from "./store-fence.ts";
import type { StoreFactory, StoreTest } from "./store-fixture.ts";
import { inboxSuite } from "./store-inbox.ts";
import { inspectionSuite } from "./store-inspection.ts";
import { isolationSuite } from "./store-isolation.ts";
import { listingSuite } from "./store-listing.ts";
import { outboxSuite } from "./store-outbox.ts";
import { retentionSuite } from "./store-retention.ts";
import { transactionSuite } from "./store-transaction.ts";

/**
 * Registers the tests of everything that `Store` promises. Each test makes a fixture of its own. A
 * test of a promise in `OPTIONAL` is skipped, with the reason, if the adapter does not make it.
 *
 * @example
 * ```ts
 * import { localClock, storeConformance } from "odori/conformance";
 * import { MemoryDatabase, memoryStore, memoryTable } from "odori/memory";
 * import { describe, it } from "vitest";
 *
 * storeConformance({ describe, it }, {
 *   name: "my store",
 *   async make() {
 *     const database = new MemoryDatabase();
 *     const table = memoryTable<true>();
 *     return {
 *       connect: async () => memoryStore(database),
 *       put: async (native, key) => {
 *         native.in(table).set(key, true);
 *       },
 *       has: async (key) => table.rows.has(key),
 *       ownTransaction: (work) => memoryStore(database).run(work),
 *       clock: localClock(),
 *       concurrent: false,
 *       close: async () => {},
 *     };
 *   },
 * });
 * ```
 */
export function storeConformance<Native>(runner: Runner, factory: StoreFactory<Native>): void {
  const test: StoreTest<Native> = (name, body, needs) => {
    runner.it(name, async (context) => {
      const fixture = await factory.make();
      try {
        const store = await fixture.connect();
        if (needs === "concurrent" && !fixture.concurrent) context.skip(OPTIONAL.concurrent);
        else if (needs === "backlog" && store.putBacklog === undefined)
          context.skip(OPTIONAL.backlog);
        else await body(fixture, store);
      } finally {
        await fixture.close();
      }
    });
  };
  const suites = {
    transactions: transactionSuite,
    isolation: isolationSuite,
    inbox: inboxSuite,
    fence: fenceSuite,
    outbox: outboxSuite,
    deferred: deferredSuite,
    claims: claimsSuite,
    retention: retentionSuite,
    declarations: declarationsSuite,
    inspection: inspectionSuite,
    listing: listingSuite,
  };
  for (const [noun, suite] of Object.entries(suites))
    runner.describe(`store ${factory.name}: ${noun}`, () => suite(test));
}
