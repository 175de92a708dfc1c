import type pg from "pg";
import { type Diagnosis, verdict } from "../../adapter/diagnosis.ts";
import { codeOf, messageOf } from "../../contract/errors.ts";
import type { PostgresBusOptions } from "./bus.ts";
import { BUS_SCHEMA } from "./bus-schema.ts";
import { explain, isMissing, sqlState } from "./errors.ts";
import { placeOf, poolOf, schemaOf } from "./options.ts";

/** What is wrong with a subscription. */
type Fault = "heard" | "unheard" | "left over";

/** Of tables of an earlier version. */
const UNDEFINED_COLUMN = "42703";
/** Subscriptions that a finding names, at most. */
const NAMED_MAX = 50;

/**
 * Examines a database that is the bus without changing it: its subscriptions, and the events that
 * wait. Never throws: a failure is a finding.
 *
 * @example
 * ```ts
 * import { diagnoseBus } from "odori/postgres";
 *
 * const findings = await diagnoseBus({ connectionString: "postgres://localhost/shop" });
 * for (const { level, check, message } of findings) console.log(level, check, message);
 * ```
 */
export async function diagnoseBus(options: PostgresBusOptions): Promise<readonly Diagnosis[]> {
  const own = { ...options, schema: options.schema ?? BUS_SCHEMA, connectionsMax: 1 };
  const schema = schemaOf(own);
  const pool = poolOf(own);
  try {
    return await examined(pool, schema);
  } catch (failure) {
    if (isMissing(failure) || sqlState(failure) === UNDEFINED_COLUMN)
      return [
        verdict(
          "bus",
          false,
          "warning",
          `${schema} has no tables of this version; start a service`,
        ),
      ];
    const error = explain(failure, placeOf(own));
    return [{ level: "error", check: codeOf(error), message: messageOf(error) }];
  } finally {
    await pool.end();
  }
}

async function examined(pool: pg.Pool, schema: string): Promise<readonly Diagnosis[]> {
  // A group with members that hear other types alone has left this one: a later version of it
  // runs. A process of an earlier version of Odori does not say what it hears.
  const { rows } = await pool.query<{ name: string; fault: Fault; waiting: number }>(
    `WITH live AS (SELECT group_name, types FROM ${schema}.member
         WHERE expires_at > ${schema}.now_ms()),
       hearing AS (SELECT group_name, json_array_elements_text(types) AS type FROM live),
       waiting AS (SELECT group_name, type, count(*)::int AS waiting FROM ${schema}.delivery
         GROUP BY group_name, type)
     SELECT s.group_name || ' ' || s.type AS name, coalesce(w.waiting, 0) AS waiting,
       CASE WHEN EXISTS (SELECT 1 FROM hearing h
           WHERE h.group_name = s.group_name AND h.type = s.type) THEN 'heard'
         WHEN EXISTS (SELECT 1 FROM live l WHERE l.group_name IS NULL) THEN 'heard'
         WHEN EXISTS (SELECT 1 FROM live l
           WHERE l.group_name = s.group_name) THEN 'left over'
         ELSE 'unheard' END AS fault
     FROM ${schema}.subscription s LEFT JOIN waiting w USING (group_name, type)
     ORDER BY name`,
  );
  const { rows: early } = await pool.query<{ waiting: number }>(
    `SELECT count(*)::int AS waiting FROM ${schema}.delivery WHERE group_name = ''`,
  );
  const named = (fault: Fault) =>
    rows
      .filter((row) => row.fault === fault)
      .slice(0, NAMED_MAX)
      .map(({ name, waiting }) => `${name} (${waiting} wait)`)
      .join(", ");
  const deaf = named("unheard");
  const left = named("left over");
  const waiting = rows.reduce((sum, row) => sum + row.waiting, 0);
  return [
    verdict("bus", true, "ok", `${rows.length} subscriptions`),
    verdict(
      "hearers",
      deaf === "",
      "warning",
      deaf === "" ? "each subscription has one" : `no process hears ${deaf}`,
    ),
    verdict(
      "left over",
      left === "",
      "warning",
      left === ""
        ? "no subscription"
        : `the running processes do not hear ${left}; ` +
            `${schema}.unsubscribe(group, type) removes one`,
    ),
    verdict("waiting", true, "ok", `${waiting} events`),
    verdict("unheard", true, "ok", `${early[0]?.waiting ?? 0} events that no service hears yet`),
  ];
}
