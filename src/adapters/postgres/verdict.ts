import type pg from "pg";
import { stemOf } from "../../contract/grammar.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import { INVALID_PARAMETER, isAnswered, sqlState } from "./errors.ts";
import type { Statements } from "./statements.ts";
import type { Evidence } from "./transaction.ts";

/** How long to ask what became of a COMMIT that was not answered. */
const VERDICT = { limitMs: 10_000, pauseMs: 100 } as const;

/**
 * Finds out whether a COMMIT with a lost reply took effect, by looking for a row it wrote. Resolves
 * to undefined if the server stays unavailable, or once `pool` returns none.
 */
export async function hasCommitted(
  pool: () => pg.Pool | undefined,
  statements: Statements,
  evidence: Evidence,
): Promise<boolean | undefined> {
  const { sagaId, reaction, source, id, type, at, xid } = evidence;
  const until = performance.now() + VERDICT.limitMs;
  for (let open = pool(); open !== undefined && performance.now() < until; open = pool()) {
    try {
      // The server may still execute the COMMIT of the lost connection.
      const { rows } = await open.query("SELECT pg_xact_status($1::xid8) AS status", [xid]);
      if (rows[0]?.status === "aborted") return false;
      if (rows[0]?.status !== "in progress") {
        const values = [sagaId, reaction, source, id, stemOf(type), at];
        return (await open.query(statements.evidence.text, values)).rowCount === 1;
      }
    } catch (error) {
      // The id lies in the server's future: it has crashed since, and lost the transaction.
      if (sqlState(error) === INVALID_PARAMETER) return false;
      if (isAnswered(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, VERDICT.pauseMs));
  }
  return undefined;
}

export function lostWhileCommitting(place: string, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    "STORE_UNAVAILABLE",
    `The connection to ${place} was lost while committing.`,
    { cause, hint: "Repeat the operation: if it was committed after all, it is recognised." },
  );
}
