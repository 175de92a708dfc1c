import { dirname, resolve } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type CheckConfig, toConfig } from "../check/config.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { parseJsonOrYaml } from "../manifest/text.ts";
import { readText } from "./files.ts";

/** Where a project keeps its stores, in `odori.config.json`. */
export interface StoresConfig {
  /** Folder of SQLite databases, or one database file; relative to the configuration. */
  readonly data?: string;
  /** URL of a Postgres database. */
  readonly postgres?: string;
  /** Environment variable whose value, if it is set, takes the place of `postgres`. */
  readonly env?: string;
  /** Schemas of the services. Default: every schema that holds a service. */
  readonly schemas?: readonly string[];
}

/** The configuration of a project. */
export interface ProjectConfig {
  readonly check: CheckConfig;
  readonly stores: StoresConfig;
  /** Manifest that names the ends of sagas: a document, which is read and never executed. */
  readonly manifest: string | undefined;
  /** The choreography of the project: a document, or a module, which is imported to read it. */
  readonly choreography: string | undefined;
}

/** The keys of a configuration that this file validates. */
interface ProjectKeys {
  readonly stores?: StoresConfig;
  readonly manifest?: string;
  readonly choreography?: string;
}

const text = { type: "string", minLength: 1, maxLength: 4_096 };
const schema = {
  type: "object",
  properties: {
    stores: {
      type: "object",
      properties: {
        data: text,
        postgres: { ...text, pattern: "^postgres(ql)?://" },
        env: { ...text, pattern: "^[A-Z_][A-Z0-9_]*$" },
        schemas: {
          type: "array",
          minItems: 1,
          maxItems: 1_000,
          uniqueItems: true,
          items: { type: "string", pattern: "^[a-z_][a-z0-9_]{0,62}$" },
        },
      },
      additionalProperties: false,
      not: { required: ["data", "postgres"] },
      dependentRequired: { schemas: ["postgres"], env: ["postgres"] },
    },
    manifest: { ...text, pattern: "\\.(json|ya?ml)$" },
    choreography: text,
  },
  not: { required: ["manifest", "choreography"] },
};

const EMPTY: ProjectConfig = {
  check: {},
  stores: {},
  manifest: undefined,
  choreography: undefined,
};

/**
 * Reads a configuration; of undefined it is empty. Throws `CONFIG_INVALID` or `FILE_UNREADABLE`. No
 * message shows a value, which may be a password.
 */
export function projectConfig(file: string | undefined): ProjectConfig {
  if (file === undefined) return EMPTY;
  const value = parseJsonOrYaml(file, readText(file)).value;
  const check = toConfig(value, file);
  const { stores = {}, manifest, choreography } = namedIn(value, file);
  const beside = (path: string) => resolve(dirname(file), path);
  return {
    check,
    stores: { ...stores, ...(stores.data !== undefined && { data: beside(stores.data) }) },
    manifest: manifest === undefined ? undefined : beside(manifest),
    choreography: choreography === undefined ? undefined : beside(choreography),
  };
}

function namedIn(value: unknown, file: string): ProjectKeys {
  const validate = new Ajv2020({ strict: false }).compile<ProjectKeys>(schema);
  if (validate(value)) return value;
  const [error] = validate.errors ?? [];
  const where = error?.instancePath.slice(1).replaceAll("/", ".") ?? "";
  const place = where === "" ? "" : ` at ${where}`;
  const extra: unknown = error?.params.additionalProperty;
  const problem =
    extra !== undefined
      ? `unknown key ${quote(extra)}`
      : error?.keyword === "not"
        ? `${where === "" ? "manifest and choreography" : "data and postgres"} exclude each other`
        : error?.keyword === "pattern"
          ? "it does not have the form that it needs"
          : (error?.message ?? "it does not match the schema");
  throw new OdoriError(
    "CONFIG_INVALID",
    `The configuration ${quote(file)} is not valid${place}: ${problem}.`,
    {
      hint:
        'Write "stores": { "data": "<folder>" }, or { "postgres": "postgres://host/database", ' +
        '"schemas": ["order"] }; and "choreography": "<module>", or "manifest": "<file>.json".',
    },
  );
}
