export type { Diagnosis } from "../../adapter/diagnosis.ts";
export { type PostgresBus, type PostgresBusOptions, postgresBus } from "./bus.ts";
export { diagnose } from "./diagnose.ts";
export { diagnoseBus } from "./diagnose-bus.ts";
export {
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromMikroOrm,
  fromPostgresJs,
  fromPrisma,
  fromTypeOrm,
} from "./join.ts";
export type { Sql, SqlClient, SqlResult, SqlRow } from "./native.ts";
export type { PostgresOptions } from "./options.ts";
export { asPool } from "./pool.ts";
export { grants, migrate, readingGrants } from "./schema.ts";
export { postgresSource } from "./source.ts";
export { type PostgresStore, postgres } from "./store.ts";
export { type TestSchemas, testSchemas } from "./test-schemas.ts";
