import type pg from "pg";

/** Pools of which a connection has turned out to end at a pooler. */
const pooled = new WeakSet<pg.Pool>();

/** Notices that the connections of a pool end at a pooler. */
export async function noticePooler(pool: pg.Pool, client: pg.ClientBase): Promise<void> {
  if (await isAtPooler(client)) pooled.add(pool);
}

/**
 * Whether a connection ends at a pooler that hands out connections of its own, such as PgBouncer.
 * The key with which a statement is cancelled begins with the number of the server's process; a
 * pooler gives out keys that it has made up, since its client has another process in each
 * transaction.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html ("BackendKeyData")
 */
export async function isAtPooler(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return "processID" in client && client.processID !== rows[0]?.pid;
}

/** Whether a pooler stands between this process and the server, as far as connections show. */
export function isPooled(pool: pg.Pool): boolean {
  return pooled.has(pool);
}

/**
 * Whether statements may be prepared by name. Behind a pooler in transaction mode the next
 * transaction has another connection, which does not know the name, or knows it already.
 */
export function mayPrepare(
  pool: pg.Pool,
  { prepare = true }: { readonly prepare?: boolean },
): boolean {
  return prepare && !isPooled(pool);
}
