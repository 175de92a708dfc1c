import { audit } from "../../examples/order/audit.ts";
import type { Databases } from "../../examples/order/database.ts";
import { SERVICES } from "./fleet.ts";

/**
 * What is wrong, and how much was looked at. Reads tables with plain SQL: nothing of Odori's is
 * used or believed.
 */
export interface Verdict {
  readonly orders: number;
  readonly events: number;
  readonly violations: readonly string[];
}

const SHOWN_MAX = 20;

/**
 * Finds what was lost, doubled or left over. Every acknowledged order is there and has ended. Money
 * and stock are conserved. No effect is doubled: the books have no unique constraint. A service
 * emitted each event that was heard.
 */
export async function judge(
  databases: Databases,
  placed: ReadonlySet<string>,
  prefix: string,
): Promise<Verdict> {
  const violations: string[] = [];
  const books = await audit(databases);
  violations.push(...books.violations.map((violation) => `books: ${violation}`));
  violations.push(...books.open.map((orderId) => `unended: ${orderId}`));
  const orders = new Set(
    (await databases.read("order", "SELECT order_id FROM orders")).map((row) =>
      String(row.order_id),
    ),
  );
  for (const orderId of placed)
    if (!orders.has(orderId))
      violations.push(`lost: ${orderId} was acknowledged, and is not there`);
  const emitted = new Map<string, string>();
  const heard: {
    readonly service: string;
    readonly id: string;
    readonly cause: string | undefined;
    readonly disposition: string;
  }[] = [];
  for (const service of SERVICES) {
    const rows = await databases.read(
      service,
      `SELECT id, causation_id, disposition, emitted FROM ${prefix}inbox`,
    );
    for (const row of rows) {
      heard.push({
        service,
        id: String(row.id),
        cause: row.causation_id === null ? undefined : String(row.causation_id),
        disposition: String(row.disposition),
      });
      const list: readonly { readonly id: string; readonly type: string }[] = JSON.parse(
        String(row.emitted),
      );
      for (const { id, type } of list) {
        if (emitted.has(id)) violations.push(`doubled: ${type} ${id} was emitted twice`);
        emitted.set(id, type);
      }
    }
    const [left] = await databases.read(
      service,
      `SELECT (SELECT count(*) FROM ${prefix}outbox) AS outbox,
              (SELECT count(*) FROM ${prefix}deferred) AS deferred`,
    );
    if (Number(left?.outbox) > 0)
      violations.push(`left over: ${left?.outbox} rows in the outbox of ${service}`);
    if (Number(left?.deferred) > 0)
      violations.push(`left over: ${left?.deferred} deferred deliveries of ${service}`);
  }
  for (const { service, id, cause, disposition } of heard) {
    if (disposition === "begun") continue;
    if (!emitted.has(id))
      violations.push(`without a cause: ${service} heard ${id}, which no service emitted`);
    if (cause !== undefined && !emitted.has(cause))
      violations.push(`without a cause: ${id} names ${cause}, which no service emitted`);
  }
  const shown = violations.slice(0, SHOWN_MAX);
  if (violations.length > shown.length) shown.push(`and ${violations.length - shown.length} more`);
  return { orders: orders.size, events: emitted.size, violations: shown };
}
