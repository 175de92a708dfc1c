import type { ConnectionOptions } from "node:tls";
import { type Command, InvalidArgumentError, Option } from "commander";
import { OdoriError } from "../contract/errors.ts";
import { configFile } from "./config-file.ts";

/** The databases of a Postgres server. */
export interface PostgresPlace {
  readonly kind: "postgres";
  readonly url: string;
  /** Undefined: every schema that holds a service. */
  readonly schemas: readonly string[] | undefined;
  /** TLS options that are not in the URL. */
  readonly ssl?: ConnectionOptions;
}

/** Where the stores of the services are. */
export type StorePlace = PostgresPlace | { readonly kind: "files"; readonly path: string };

/** The flags that name a place, as `placeFlags` adds them. */
export interface PlaceFlags {
  readonly data?: string;
  readonly postgres?: string;
  readonly schema?: readonly string[];
  readonly config?: string;
}

const POSTGRES = /^postgres(ql)?:\/\//;
const FOLDER = ".odori";

/** Adds `--data`, `--postgres`, `--schema` and `--config` to a command. */
export function placeFlags(command: Command): Command {
  return command
    .addOption(dataOption())
    .option("--postgres <url>", "URL of a Postgres database", postgresUrl)
    .option(
      "--schema <name...>",
      "Postgres: schemas of the services (default: every schema that holds one)",
    )
    .addOption(configOption());
}

/** Creates the option `--config`. */
function configOption(): Option {
  return new Option(
    "--config <file>",
    "configuration (default: odori.config.json, here or in a folder above)",
  );
}

function dataOption(): Option {
  return new Option(
    "--data <place>",
    "folder of SQLite databases, one database file, or the URL of a Postgres database " +
      "(default: $ODORI_DATA, the configuration, or .odori)",
  );
}

/** Parses the URL of a database. The message of the library would show the password. */
function postgresUrl(text: string): string {
  if (POSTGRES.test(text) && URL.canParse(text)) return text;
  throw new OdoriError("USAGE", "This is not the URL of a Postgres database.", {
    hint: "Write postgres://user@host:5432/database; the password is $PGPASSWORD.",
  });
}

/**
 * Finds the place: flags come first, then `$ODORI_DATA`, then the configuration, then `.odori`.
 * Rejects with `USAGE` or `CONFIG_INVALID`.
 */
export async function storePlaceOf({
  data,
  postgres,
  schema,
  config,
}: PlaceFlags): Promise<StorePlace> {
  if (data !== undefined && postgres !== undefined)
    throw new OdoriError("USAGE", "--data and --postgres exclude each other.", {
      hint: "Name one place.",
    });
  const named = postgres ?? data ?? process.env.ODORI_DATA;
  if (named !== undefined) return withSchemas(placeAt(named), schema);
  const file = configFile(config);
  if (file === undefined) return withSchemas(placeAt(FOLDER), schema);
  // Most commands need none of it: its validation is loaded only for a file.
  const { projectConfig } = await import("./config.ts");
  const { stores } = projectConfig(file);
  if (stores.postgres !== undefined)
    return withSchemas(placeAt(urlOf(stores.postgres, stores.env)), schema ?? stores.schemas);
  return withSchemas(placeAt(stores.data ?? FOLDER), schema);
}

/** The URL of the configuration, or that of the variable which it names. */
function urlOf(postgres: string, env: string | undefined): string {
  const set = env === undefined ? undefined : process.env[env];
  return set === undefined || set === "" ? postgres : postgresUrl(set);
}

/** Reads the text of `--data`. Throws `USAGE` for a URL that is not one. */
export function placeAt(data: string): StorePlace {
  if (POSTGRES.test(data)) return { kind: "postgres", url: postgresUrl(data), schemas: undefined };
  return { kind: "files", path: data };
}

function withSchemas(place: StorePlace, schemas: readonly string[] | undefined): StorePlace {
  if (schemas === undefined) return place;
  if (place.kind === "postgres") return { ...place, schemas };
  throw new OdoriError("USAGE", "--schema is for a Postgres database.", {
    hint: "Add --postgres <url>.",
  });
}

/** Names a place in a message, without user and password. */
export function shownPlace(place: StorePlace): string {
  if (place.kind === "files") return place.path;
  const { url, schemas } = place;
  const where = URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : "the database";
  return schemas === undefined ? where : `${where}, schema ${schemas.join(", ")}`;
}

const AGE = /^(\d{1,9})(s|m|h|d)$/;
const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Parses an age such as `90s`, `5m`, `1h` or `2d` into milliseconds. */
export function age(value: string): number {
  const [, count, unit] = AGE.exec(value) ?? [];
  if (count === undefined || !(unit === "s" || unit === "m" || unit === "h" || unit === "d"))
    throw new InvalidArgumentError("Write a number with s, m, h or d, such as 90s, 5m, 1h or 2d.");
  return Number(count) * SECONDS[unit] * 1_000;
}
