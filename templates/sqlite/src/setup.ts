import type { Tx } from "odori";

/** Creates what a service needs when it starts. A database file has one process. */
export async function createTables(tx: Tx, script: string): Promise<void> {
  await tx.query(script);
}
