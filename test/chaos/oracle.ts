import { audit } from "../../examples/order/audit.ts";
import type { Databases } from "../../examples/order/database.ts";
import { SERVICES } from "./fleet.ts";
import { storyOf } from "./story.ts";
import { auditTickets } from "./tickets.ts";

/**
 * What is wrong, and how much was looked at. Reads tables with plain SQL: nothing of Odori's is
 * used or believed.
 */
export interface Verdict {
  readonly orders: number;
  readonly events: number;
  readonly violations: readonly string[];
  /** What the tables hold of some orders that a violation names. */
  readonly stories: readonly string[];
}

const SHOWN_MAX = 20;
const STORIES_MAX = 3;

/**
 * Finds what was lost, doubled or left over. Every acknowledged order is there and has ended. Money
 * and stock are conserved, and of few pieces none is sold twice. No effect is doubled: the books
 * have no unique constraint. A service emitted each event that was heard.
 * `forgets` says that a retention has deleted rows: then an emission may have none any more.
 * A join of a cancelled order keeps what it has gathered until
 * retention, since it waits for an event that never comes: such rows are not left over.
 */
export async function judge(
  databases: Databases,
  placed: ReadonlySet<string>,
  { prefix, forgets }: { readonly prefix: string; readonly forgets: boolean },
): Promise<Verdict> {
  const violations: string[] = [];
  const books = await audit(databases);
  violations.push(...books.violations.map((violation) => `books: ${violation}`));
  violations.push(...(await auditTickets(databases, placed)));
  violations.push(...books.open.map((orderId) => `unended: ${orderId}`));
  const states = new Map(
    (await databases.read("order", "SELECT order_id, state FROM orders")).map((row) => [
      String(row.order_id),
      String(row.state),
    ]),
  );
  for (const orderId of placed)
    if (!states.has(orderId))
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
    const [left] = await databases.read(service, `SELECT count(*) AS outbox FROM ${prefix}outbox`);
    if (Number(left?.outbox) > 0)
      violations.push(`left over: ${left?.outbox} rows in the outbox of ${service}`);
    const deferred = await databases.read(service, `SELECT state, saga_id FROM ${prefix}deferred`);
    for (const { state, saga_id } of deferred)
      if (state !== "gathered" || states.get(String(saga_id)) !== "cancelled")
        violations.push(`left over: a delivery of ${saga_id} is ${state} in ${service}`);
  }
  for (const { service, id, cause, disposition } of heard) {
    if (disposition === "begun" || forgets) continue;
    if (!emitted.has(id))
      violations.push(`without a cause: ${service} heard ${id}, which no service emitted`);
    if (cause !== undefined && !emitted.has(cause))
      violations.push(`without a cause: ${id} names ${cause}, which no service emitted`);
  }
  const shown = violations.slice(0, SHOWN_MAX);
  if (violations.length > shown.length) shown.push(`and ${violations.length - shown.length} more`);
  const named = new Set(violations.flatMap((text) => text.match(/\border-\d+/g) ?? []));
  const stories: string[] = [];
  for (const orderId of [...named].slice(0, STORIES_MAX))
    stories.push(...(await storyOf(databases, orderId, prefix)));
  return { orders: states.size, events: emitted.size, violations: shown, stories };
}
