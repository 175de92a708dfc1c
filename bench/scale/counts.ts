import { performance } from "node:perf_hooks";
import pg from "pg";

/** How often a process has done something, by name. */
export type Counts = Readonly<Record<string, number>>;

const counts = new Map<string, number>();
const add = (name: string, by = 1) => counts.set(name, (counts.get(name) ?? 0) + by);

/** Counts the statements that this process sends from now on, and the rows that they return. */
export function countStatements(): void {
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = new Proxy(query, {
    apply(target, client, args: readonly unknown[]) {
      const reply: unknown = Reflect.apply(target, client, args);
      const name = nameOf(args[0]);
      add(name);
      if (reply instanceof Promise) reply.then((found) => addRows(name, found), ignore);
      return reply;
    },
  });
}

const ignore = () => {};

/** What was counted so far, and how often the event loop has turned. */
export function counted(): Counts {
  const { loopCount } = performance.nodeTiming.uvMetricsInfo;
  return { ...Object.fromEntries(counts), "turns of the event loop": loopCount };
}

function addRows(name: string, reply: unknown): void {
  if (typeof reply !== "object" || reply === null || !("rows" in reply)) return;
  if (!Array.isArray(reply.rows) || reply.rows.length === 0) return;
  add(`${name}: rows`, reply.rows.length);
}

/** The name of a prepared statement, without that of its schema; else the beginning of the text. */
function nameOf(statement: unknown): string {
  if (typeof statement === "string") return statement.slice(0, 16).replace(/\d+/, "");
  if (typeof statement !== "object" || statement === null) return "other";
  const { name, text }: { readonly name?: unknown; readonly text?: unknown } = {
    ...statement,
  };
  if (typeof name !== "string") return String(text).slice(0, 32);
  return /^odori_[0-9a-f]{40}$/.test(name)
    ? "a handler's statement"
    : name.replace(/_(?:[0-9a-f]{12}|".*)$/, "");
}
