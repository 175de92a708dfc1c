import { expect, it } from "vitest";
import { OPEN_COUNTS } from "../../src/console/traffic.ts";
import { ACCOUNTS, Projection } from "../../src/observer/projection.ts";

/** What SQLite would do, step by step. */
function planOf(statement: string): string {
  const projection = new Projection(":memory:");
  const rows = projection.sql.all(`EXPLAIN QUERY PLAN ${statement}`);
  projection.close();
  return rows.map(({ detail }) => String(detail)).join("\n");
}

it("the account of events reads no delivery, and of the early ones the last minute", () => {
  const plan = planOf(ACCOUNTS.replace("?", "0"));
  expect(plan).not.toContain("delivery");
  expect(plan).toContain("USING INDEX early_at");
});

it("who waits where is counted along an index, and not sorted", () => {
  const plan = planOf(OPEN_COUNTS);
  expect(plan).toContain("delivery_place");
  expect(plan).not.toContain("FOR GROUP BY");
});
