import type { Tx } from "odori";

/**
 * Creates what a service needs when it starts. Several processes of a service may start at once,
 * which `IF NOT EXISTS` alone does not bear.
 */
export async function createTables(tx: Tx, script: string): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtext(current_schema()))");
  await tx.query(script);
}
