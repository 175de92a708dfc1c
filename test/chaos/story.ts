import type { Databases } from "../../examples/order/database.ts";
import { SERVICES } from "./fleet.ts";

/**
 * Everything that the services' tables hold of one order, a line a row: what a person looks at
 * first when an order has not ended. Plain SQL, as in the oracle.
 */
export async function storyOf(
  databases: Databases,
  orderId: string,
  prefix: string,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const saga = orderId.replaceAll("'", "''");
  for (const service of SERVICES)
    for (const table of ["saga", "inbox", "deferred", "outbox"]) {
      // Whose rows of the outbox are has to be looked for in them: there are few when a run ends.
      const where = table === "outbox" ? "" : ` WHERE saga_id = '${saga}'`;
      const rows = await databases.read(service, `SELECT * FROM ${prefix}${table}${where}`);
      for (const row of rows) {
        const line = JSON.stringify(row, (_, value) =>
          typeof value === "bigint" ? String(value) : value,
        );
        if (line.includes(orderId)) lines.push(`${service}.${table} ${line}`);
      }
    }
  return lines;
}
