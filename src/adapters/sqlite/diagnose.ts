import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { deferredVerdicts } from "../../adapter/deferred-diagnosis.ts";
import { type Diagnosis, verdict } from "../../adapter/diagnosis.ts";
import { outboxVerdict } from "../../adapter/outbox-diagnosis.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import { codeOf, messageOf } from "../../contract/errors.ts";
import { connectToExisting } from "./connect.ts";
import { checkSchema } from "./schema.ts";
import type { Connection } from "./sql.ts";
import { examineVersion } from "./version.ts";

const DISK_LOW_BYTES = 256 * 1024 * 1024;

/**
 * Examines a service's database without changing it. `now` is in milliseconds since 1970. Never
 * throws: a failure is a finding.
 *
 * @example
 * ```ts
 * import { diagnose } from "odori/sqlite";
 *
 * for (const { level, check, message } of diagnose("payment.db", Date.now()))
 *   console.log(level, check, message);
 * ```
 */
export function diagnose(path: string, now: number): readonly Diagnosis[] {
  try {
    const connection = connectToExisting(path, { busyTimeoutMs: 1_000, maxBytes: undefined });
    try {
      return examine(connection, now);
    } finally {
      connection.database.close();
    }
  } catch (error) {
    return [{ level: "error", check: codeOf(error), message: messageOf(error) }];
  }
}

function examine(connection: Connection, now: number): readonly Diagnosis[] {
  const service = checkSchema(connection);
  const one = (statement: string, ...values: readonly number[]) =>
    Object.values(connection.get(statement, ...values) ?? {})[0];
  const journal = one("PRAGMA journal_mode");
  const integrity = one("PRAGMA quick_check(1)");
  const { version, warning } = examineVersion(connection);
  const oldest = connection.get("SELECT at, events FROM odori_outbox ORDER BY ticket LIMIT 1");
  const waiting = Number(one("SELECT coalesce(sum(count), 0) FROM odori_outbox"));
  const parked = Number(one("SELECT count(*) FROM odori_deferred WHERE state = 'parked'"));
  const retrying = Number(
    one("SELECT count(*) FROM odori_deferred WHERE state IN ('retrying', 'waiting')"),
  );
  const leases = "SELECT count(*) FROM odori_member WHERE expires_at BETWEEN ?1 AND ?1 + lease_ms";
  const live = Number(one(leases, now));
  const { bavail, bsize } = statfsSync(dirname(connection.path));
  return [
    verdict("service", true, "ok", service),
    verdict("integrity", integrity === "ok", "error", String(integrity)),
    verdict(
      "journal",
      journal === "wal",
      "error",
      `journal_mode is ${journal}${journal === "wal" ? "" : "; a service sets it to wal at start"}`,
    ),
    verdict("sqlite", warning === undefined, "warning", warning ?? `SQLite ${version}`),
    verdict(
      "disk",
      bavail * bsize >= DISK_LOW_BYTES,
      "warning",
      `${Math.floor((bavail * bsize) / 1024 ** 2)} MiB free`,
    ),
    verdict("processes", true, "ok", `${live} running`),
    outboxVerdict({
      waiting,
      oldestMs: oldest === undefined ? 0 : now - Number(oldest.at),
      oldest: oldest && decodeStored(String(oldest.events))[0],
    }),
    ...deferredVerdicts(retrying, parked),
  ];
}
