import type { Databases } from "../../examples/order/database.ts";
import { SERVICES, type ServiceName } from "./fleet.ts";
import { isDoomed, LIMIT_CENTS, NO_STOCK, orderOf, SILENT, UNREACHABLE } from "./orders.ts";

const SHOWN_MAX = 20;

interface BookLine {
  readonly orderId: string;
  readonly deed: string;
  readonly cents: number;
  readonly version: string;
}

/** What the tables of the business say, and what is left in Odori's. */
export interface Verdict {
  readonly violations: readonly string[];
  /** Orders of which both versions have handled a part. */
  readonly crossed: number;
  /** Refunds and releases by another version than the one that charged or reserved. */
  readonly undoneAcross: number;
  /** How many deeds of each name there are. */
  readonly counts: ReadonlyMap<string, number>;
}

/** What must have happened to an order, each once. */
function expected(orderId: string): readonly string[] {
  const order = orderOf(Number(orderId.slice("order-".length)));
  if (order.cents > LIMIT_CENTS) return ["placed", "cancelled"];
  if (order.sku === NO_STOCK) return ["placed", "charged", "missing", "refunded", "cancelled"];
  if (!isDoomed(order)) return ["placed", "charged", "reserved", "shipped", "completed"];
  const back = ["placed", "charged", "reserved", "released", "refunded", "cancelled"];
  if (order.destination === UNREACHABLE) return back;
  if (order.destination === SILENT) return [...back, "asked"];
  throw new Error(`${orderId} is of no kind`);
}

/** What the second version alone does. */
const MAY_BE = ["scored", "delayed"];

/** Reads tables with plain SQL: nothing of Odori's is used or believed. */
export async function judge(
  databases: Databases,
  placed: ReadonlySet<string>,
  prefix: string,
): Promise<Verdict> {
  const deeds = (await Promise.all(SERVICES.map((service) => deedsOf(databases, service)))).flat();
  const byOrder = Map.groupBy(deeds, ({ orderId }) => orderId);
  const violations: string[] = [];
  for (const orderId of placed)
    if (!byOrder.has(orderId)) violations.push(`${orderId} was acknowledged, and is not there`);
  for (const [orderId, all] of byOrder) {
    const done = all.map(({ deed }) => deed).filter((deed) => !MAY_BE.includes(deed));
    if (done.toSorted().join() !== [...expected(orderId)].toSorted().join())
      violations.push(`${orderId} was ${done.join(", ")}`);
    for (const deed of MAY_BE) {
      const times = all.filter((one) => one.deed === deed).length;
      if (times > 1) violations.push(`${orderId} was ${deed} ${times} times`);
    }
    const charged = all.find(({ deed }) => deed === "charged");
    if (charged !== undefined && charged.cents !== orderOf(Number(orderId.slice(6))).cents)
      violations.push(`${orderId} was charged ${charged.cents} cents`);
  }
  violations.push(...(await leftOvers(databases, prefix, byOrder)));
  const across = (done: string, undone: string) =>
    [...byOrder.values()].filter((all) => {
      const first = all.find(({ deed }) => deed === done);
      const second = all.find(({ deed }) => deed === undone);
      return first !== undefined && second !== undefined && first.version !== second.version;
    }).length;
  const shown = violations.slice(0, SHOWN_MAX);
  if (violations.length > shown.length) shown.push(`and ${violations.length - shown.length} more`);
  return {
    violations: shown,
    crossed: [...byOrder.values()].filter(
      (all) => new Set(all.map(({ version }) => version)).size > 1,
    ).length,
    undoneAcross: across("charged", "refunded") + across("reserved", "released"),
    counts: new Map(
      [...Map.groupBy(deeds, ({ deed }) => deed)].map(([deed, all]) => [deed, all.length]),
    ),
  };
}

async function deedsOf(databases: Databases, service: ServiceName): Promise<readonly BookLine[]> {
  const rows = await databases.read(service, "SELECT order_id, deed, cents, version FROM deeds");
  return rows.map(({ order_id, deed, cents, version }) => ({
    orderId: String(order_id),
    deed: String(deed),
    cents: Number(cents),
    version: String(version),
  }));
}

/**
 * Rows that stay. A join of an order that failed before keeps what it has gathered, and an optional
 * member that comes late is kept until retention.
 */
async function leftOvers(
  databases: Databases,
  prefix: string,
  byOrder: ReadonlyMap<string, readonly BookLine[]>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const service of SERVICES) {
    const [outbox] = await databases.read(service, `SELECT count(*) AS n FROM ${prefix}outbox`);
    if (Number(outbox?.n) > 0) found.push(`${outbox?.n} rows are in the outbox of ${service}`);
    const rows = await databases.read(
      service,
      `SELECT reaction, type, state, saga_id, problem FROM ${prefix}deferred`,
    );
    for (const { reaction, type, state, saga_id, problem } of rows) {
      const cancelled = byOrder.get(String(saga_id))?.some(({ deed }) => deed === "cancelled");
      if (state === "gathered" && cancelled === true) continue;
      found.push(`${service}: ${type} of ${saga_id} is ${state} at ${reaction}: ${problem}`);
    }
  }
  return found;
}
