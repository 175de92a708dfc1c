import { Ajv, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { OdoriError } from "./errors.ts";
import { quote } from "./grammar.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Keywords of OpenAPI and AsyncAPI that only describe. */
const ANNOTATIONS = ["example", "discriminator", "externalDocs", "xml"];
const EXTENSION = /^x-[a-z0-9_$:-]+$/i;

/** Compiles a schema in its own draft. Throws `SCHEMA_UNUSABLE`. */
export function compileSchema<T>(schema: Schema): ValidateFunction<T> {
  const { $schema: dialect, ...rest } = schema;
  const uses = usesOf(schema);
  sayUnchecked(uses.formats);
  const problems: unknown[] = [];
  for (const create of draftsOf(dialect)) {
    try {
      const ajv = create({
        // A misspelt keyword is refused. Other strictness is about taste.
        ...{ strictSchema: true, strictTypes: false, strictTuples: false, strictRequired: false },
        allErrors: false,
        formats: { ...Object.fromEntries([...uses.formats].map((name) => [name, true])), ...KNOWN },
      });
      for (const name of [...ANNOTATIONS, ...uses.extensions]) ajv.addKeyword(name);
      return ajv.compile<T>(rest);
    } catch (problem) {
      problems.push(problem);
    }
  }
  throw new OdoriError("SCHEMA_UNUSABLE", "This JSON Schema cannot be compiled.", {
    cause: problems[0],
    hint: "See the cause for the keyword.",
  });
}

const KNOWN: NonNullable<Options["formats"]> = fullFormats;

type Create = (options: Options) => Ajv | Ajv2019 | Ajv2020;

const draft2020: Create = (options) => new Ajv2020(options);
const draft2019: Create = (options) => new Ajv2019(options);
const draft07: Create = (options) => new Ajv(options);

/** Returns the drafts to try. */
function draftsOf(dialect: unknown): readonly Create[] {
  if (dialect === undefined) return [draft2020, draft07];
  if (typeof dialect === "string") {
    if (/json-schema\.org\/draft\/2020-12\/schema/.test(dialect)) return [draft2020];
    if (/json-schema\.org\/draft\/2019-09\/schema/.test(dialect)) return [draft2019];
    if (/json-schema\.org\/draft-0[67]\/schema/.test(dialect)) return [draft07];
  }
  throw new OdoriError("SCHEMA_UNUSABLE", `${quote(dialect)} is not a known draft.`, {
    hint: "Write $schema of draft 2020-12, 2019-09, 07 or 06, or remove it.",
  });
}

/** Finds what a schema uses that a validator has to be told of: `x-` keywords and formats. */
function usesOf(schema: Schema) {
  const extensions = new Set<string>();
  const formats = new Set<string>();
  const seen = new Set<unknown>();
  const open: unknown[] = [schema];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== "object" || node === null || seen.has(node)) continue;
    seen.add(node);
    for (const [key, value] of Object.entries(node)) {
      if (EXTENSION.test(key)) extensions.add(key);
      if (key === "format" && typeof value === "string") formats.add(value);
      open.push(value ?? null);
    }
  }
  return { extensions, formats };
}

function sayUnchecked(formats: ReadonlySet<string>): void {
  const unknown = [...formats].filter((name) => !Object.hasOwn(fullFormats, name));
  if (unknown.length === 0) return;
  const names = unknown.map(quote).join(", ");
  // Not on every platform: a schema is also compiled in browsers.
  globalThis.process?.emitWarning(`The format ${names} of a JSON Schema is not checked.`, {
    code: "FORMAT_UNCHECKED",
    detail: "Write a pattern beside it, or check it in the handler.",
  });
}
