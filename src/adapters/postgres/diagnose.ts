import { deferredVerdicts } from "../../adapter/deferred-diagnosis.ts";
import { type Diagnosis, verdict } from "../../adapter/diagnosis.ts";
import { outboxVerdict } from "../../adapter/outbox-diagnosis.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import { codeOf, messageOf } from "../../contract/errors.ts";
import { explain } from "./errors.ts";
import { examineSettings } from "./examine.ts";
import { type PostgresOptions, placeOf, poolOf, schemaOf } from "./options.ts";
import { ownerOf } from "./schema.ts";

/** While an older transaction is open, no database of the server can vacuum dead rows. */
const TRANSACTION_OLD_S = 300;

/**
 * Examines a service's schema and its server without changing them. Never throws: a failure is a
 * finding.
 *
 * @example
 * ```ts
 * import { diagnose } from "odori/postgres";
 *
 * for (const { level, check, message } of await diagnose({ schema: "payment" }))
 *   console.log(level, check, message);
 * ```
 */
export async function diagnose(options: PostgresOptions): Promise<readonly Diagnosis[]> {
  const pool = poolOf({ ...options, connectionsMax: 1 });
  try {
    const service = await ownerOf(pool, options);
    const warnings = await examineSettings(pool);
    const schema = schemaOf(options);
    const { rows } = await pool.query(
      `SELECT current_setting('server_version') AS version,
         (SELECT coalesce(sum(count), 0)::int FROM ${schema}.outbox) AS waiting,
         (SELECT coalesce(${schema}.now_ms() - min(at), 0)::float8 FROM ${schema}.outbox) AS oldest,
         (SELECT events FROM ${schema}.outbox ORDER BY at LIMIT 1) AS events,
         (SELECT count(*)::int FROM ${schema}.deferred
           WHERE state IN ('retrying', 'waiting')) AS retrying,
         (SELECT count(*)::int FROM ${schema}.deferred WHERE state = 'parked') AS parked,
         (SELECT count(*) FILTER (WHERE expires_at BETWEEN t AND t + lease_ms)::int
           FROM ${schema}.member, (SELECT ${schema}.now_ms() AS t) AS clock) AS live,
         (SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)::int
           FROM pg_stat_activity WHERE xact_start IS NOT NULL) AS longest,
         has_table_privilege('${schema}.outbox', 'INSERT, DELETE')
           AND has_table_privilege('${schema}.saga', 'INSERT')
           AND has_table_privilege('${schema}.inbox', 'INSERT') AS writes`,
    );
    const [row = {}] = rows;
    return [
      verdict("service", true, "ok", service),
      verdict("postgres", true, "ok", `Postgres ${row.version}`),
      ...warnings.map((warning) => verdict("settings", false, "warning", warning)),
      verdict(
        "role",
        row.writes === true,
        "error",
        row.writes === true ? "may write" : "may not write: run the statements of `grants`",
      ),
      verdict(
        "long transactions",
        Number(row.longest) < TRANSACTION_OLD_S,
        "warning",
        `the longest has been open for ${row.longest} s`,
      ),
      verdict("processes", true, "ok", `${row.live} running`),
      outboxVerdict({
        waiting: Number(row.waiting),
        oldestMs: Number(row.oldest),
        oldest: typeof row.events === "string" ? decodeStored(row.events)[0] : undefined,
      }),
      ...deferredVerdicts(Number(row.retrying), Number(row.parked)),
    ];
  } catch (failure) {
    const error = explain(failure, placeOf(options));
    return [{ level: "error", check: codeOf(error), message: messageOf(error) }];
  } finally {
    await pool.end();
  }
}
