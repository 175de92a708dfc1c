export type { Diagnosis } from "../../adapter/diagnosis.ts";
export { diagnose } from "./diagnose.ts";
export {
  asDatabase,
  asProxy,
  type DatabaseOfLibrary,
  type DrizzleProxy,
  type StatementOfLibrary,
} from "./libraries.ts";
export { sqliteSource } from "./source.ts";
export { type Sql, type SqlRow, type SqlValue, sqlOf } from "./sql.ts";
export { type SqliteOptions, type SqliteStore, sqlite } from "./store.ts";
