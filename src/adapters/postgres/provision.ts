import type { Provision, ServicePart } from "../../adapter/provision.ts";
import { OdoriError } from "../../contract/errors.ts";
import { busForbidden, busTopology, busUnavailable } from "../../ports/errors.ts";
import type { PostgresBusOptions } from "./bus.ts";
import { BUS_OWNER, BUS_SCHEMA, BUS_TABLES } from "./bus-schema.ts";
import { explain, isForbidden, sqlState } from "./errors.ts";
import { placeOf, poolOf, schemaOf } from "./options.ts";
import { ensureSchema } from "./schema.ts";

const UNDEFINED_OBJECT = "42704";
const FUNCTIONS = [
  ...["now_ms()", "publish(json)", "send(text[], text[])", "subscribe(text, json)", "sweep()"],
  ...["take(text, text, json, int, json, json)", "renew(text, text, json, bigint)"],
  ...["backlog(text, json, int)", "hand(text[], text[], json)"],
  ...["tidy(text, json, json)", "give_back(text, text, json, json)"],
];

/** Lists what `provision` creates: the tables, and a subscription for each service and type. */
export function provisions(
  options: PostgresBusOptions,
  parts: readonly ServicePart[],
): readonly Provision[] {
  const schema = options.schema ?? BUS_SCHEMA;
  return [
    { kind: "schema", name: schema, detail: "has the tables of the bus" },
    ...parts.flatMap(({ service, hears }) =>
      hears.map((type) => ({
        kind: "subscription",
        name: `${service} ${type}`,
        detail: "keeps events from now on",
      })),
    ),
  ];
}

/**
 * Returns the statements that let a service, as the role of its name, publish and hear its own
 * types on the bus, and nothing else.
 */
export function busGrants(
  { service, emits, hears }: ServicePart,
  options: PostgresBusOptions,
): readonly string[] {
  const schema = schemaOf({ schema: options.schema ?? BUS_SCHEMA });
  const name = `"${service.replaceAll('"', '""')}"`;
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const permit = (act: string) => (type: string) =>
    `INSERT INTO ${schema}.permission (role, act, group_name, type) VALUES ` +
    `(${[service, act, service, type].map(text).join(", ")}) ON CONFLICT DO NOTHING`;
  const functions = FUNCTIONS.map((one) => `${schema}.${one}`).join(", ");
  return [
    `GRANT USAGE ON SCHEMA ${schema} TO ${name}`,
    `GRANT SELECT ON ${schema}.meta, ${schema}.permission TO ${name}`,
    `GRANT SELECT, INSERT ON ${schema}.subscription TO ${name}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.delivery, ${schema}.member TO ${name}`,
    `GRANT EXECUTE ON FUNCTION ${functions} TO ${name}`,
    ...emits.map(permit("emit")),
    ...hears.map(permit("hear")),
  ];
}

/** Returns the statements that make the permissions count, for each role but the tables' owner. */
export function busPolicies(options: PostgresBusOptions): readonly string[] {
  const schema = schemaOf({ schema: options.schema ?? BUS_SCHEMA });
  return ["delivery", "subscription", "member"].map(
    (table) => `ALTER TABLE ${schema}.${table} ENABLE ROW LEVEL SECURITY`,
  );
}

/**
 * Creates the tables and subscriptions that are missing, then runs the statements of `grants`.
 * Throws `BUS_TOPOLOGY`, `BUS_FORBIDDEN` or `BUS_UNAVAILABLE`.
 */
export async function provision(
  options: PostgresBusOptions,
  parts: readonly ServicePart[],
  grants: readonly string[],
): Promise<void> {
  const own = { ...options, schema: options.schema ?? BUS_SCHEMA, connectionsMax: 1 };
  const schema = schemaOf(own);
  const place = placeOf(own);
  const pool = poolOf(own);
  try {
    await ensureSchema(pool, BUS_OWNER, own, BUS_TABLES);
    for (const { service, hears } of parts) {
      const subscribe = `SELECT ${schema}.subscribe($1, $2::text::json)`;
      await pool.query(subscribe, [service, JSON.stringify(hears)]);
    }
    if (grants.length > 0) await pool.query(grants.join(";\n"));
  } catch (error) {
    if (error instanceof OdoriError && error.code !== "STORE_UNAVAILABLE") throw error;
    if (isForbidden(error)) throw busForbidden(place, error);
    if (sqlState(error) === UNDEFINED_OBJECT)
      throw busTopology(
        `A role is missing in ${place}.`,
        "Create a role for each service, with its name: CREATE ROLE payment LOGIN.",
        error,
      );
    throw busUnavailable(place, explain(error, place));
  } finally {
    await pool.end();
  }
}
