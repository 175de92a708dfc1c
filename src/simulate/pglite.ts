import { OdoriError } from "../contract/errors.ts";
import type { PgliteRows } from "./pglite-rows.ts";

/** Opens one Postgres within this process, with the rows of each service in a schema of it. */
type OpenPglite = (services: readonly string[]) => Promise<(service: string) => PgliteRows>;

/** Loads PGlite and `pg`, which are optional. Rejects with `PGLITE_MISSING`. */
export async function loadPglite(): Promise<OpenPglite> {
  try {
    const { openPglite } = await import("./pglite-rows.ts");
    return openPglite;
  } catch (cause) {
    throw new OdoriError(
      "PGLITE_MISSING",
      "Handlers of Postgres are simulated on PGlite, which could not be loaded.",
      { cause, hint: "Run npm install --save-dev @electric-sql/pglite pg." },
    );
  }
}
