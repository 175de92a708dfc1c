import type { Runner } from "./runner.ts";
import { deferredSuite } from "./store-deferred.ts";
import { fenceSuite } from "./store-fence.ts";
import type { StoreFactory, StoreTest } from "./store-fixture.ts";
import { inboxSuite } from "./store-inbox.ts";
import { inspectionSuite } from "./store-inspection.ts";
import { outboxSuite } from "./store-outbox.ts";
import { transactionSuite } from "./store-transaction.ts";

/**
 * Everything that `Store` promises, for any adapter: `storeConformance({ describe, it }, factory)`.
 */
export function storeConformance<Native>(runner: Runner, factory: StoreFactory<Native>): void {
  const test: StoreTest<Native> = (name, body) => {
    runner.it(name, async () => {
      const fixture = await factory.make();
      try {
        await body(fixture, await fixture.connect());
      } finally {
        await fixture.close();
      }
    });
  };
  const suites = {
    transactions: transactionSuite,
    inbox: inboxSuite,
    fence: fenceSuite,
    outbox: outboxSuite,
    deferred: deferredSuite,
    inspection: inspectionSuite,
  };
  for (const [noun, suite] of Object.entries(suites))
    runner.describe(`store ${factory.name}: ${noun}`, () => suite(test));
}
