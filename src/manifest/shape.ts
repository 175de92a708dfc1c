import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { quote } from "../contract/grammar.ts";
import type { Mistake } from "./mistakes.ts";
import { manifestSchema } from "./schema.ts";

/** Describes a document that fits the manifest schema. */
export interface RawManifest {
  readonly odori: 1;
  readonly name: string;
  readonly begins?: readonly string[];
  readonly succeeds?: readonly string[];
  readonly fails?: readonly string[];
  readonly external?: readonly string[];
  readonly arrives?: readonly string[];
  readonly pivots?: readonly string[];
  readonly undoOrder?: readonly (readonly [string, string])[];
  readonly oneOf?: readonly (readonly string[])[];
  readonly locks?: readonly {
    readonly name: string;
    readonly acquire: string;
    readonly release: readonly string[];
  }[];
  readonly events?: Readonly<Record<string, RawEvent>>;
  readonly services: Readonly<Record<string, RawService>>;
  readonly suppress?: Readonly<Record<string, string>>;
}

/** Describes an event as the schema admits it. */
export interface RawEvent {
  readonly summary?: string;
  readonly schema?: Readonly<Record<string, unknown>> | boolean;
  readonly sensitive?: readonly string[];
  readonly suppress?: Readonly<Record<string, string>>;
}

/** An event type, or several that are emitted together. */
export type RawOutcome = string | readonly string[];

/** Describes a reaction as the schema admits it. */
export interface RawReaction {
  readonly name?: string;
  readonly was?: readonly string[];
  readonly on?: readonly string[];
  readonly all?: readonly string[];
  readonly optional?: readonly string[];
  readonly effect?: string;
  readonly effectWas?: readonly string[];
  readonly undoes?: string;
  readonly emits?: readonly RawOutcome[];
  readonly fails?: readonly RawOutcome[];
  readonly once?: string;
  readonly onceWas?: readonly string[];
  readonly max?: number;
  readonly late?: readonly RawOutcome[];
  readonly onParked?: string;
  readonly readonly?: boolean;
  readonly keyed?: boolean | "all";
  readonly onEmpty?: "ack" | "silent";
  readonly suppress?: Readonly<Record<string, string>>;
}

/** Describes a deadline as the schema admits it. */
export interface RawDeadline {
  readonly name?: string;
  readonly was?: readonly string[];
  readonly after: string;
  readonly within: string | number;
  readonly unless?: readonly string[];
  readonly emits: string;
  readonly onParked?: string;
  readonly suppress?: Readonly<Record<string, string>>;
}

/** Describes a service as the schema admits it. */
export interface RawService {
  readonly begins?: readonly string[];
  readonly reactions?: readonly RawReaction[];
  readonly deadlines?: readonly RawDeadline[];
  readonly alsoHears?: Readonly<Record<string, readonly string[]>>;
  readonly alsoEmits?: Readonly<Record<string, readonly string[]>>;
  readonly inbox?: boolean;
  readonly fence?: boolean;
  readonly mayPark?: boolean;
  readonly unlinked?: boolean;
  readonly retired?: Readonly<Record<string, string>>;
  readonly suppress?: Readonly<Record<string, string>>;
}

/** What Ajv calls for a keyword. */
interface Keyword {
  (data: readonly unknown[]): boolean;
  errors?: Partial<ErrorObject>[];
}

let compiled: ValidateFunction<RawManifest> | undefined;

/** Validates a document against the manifest schema. Returns the document, or its mistakes. */
export function checkShape(
  value: unknown,
): { readonly raw: RawManifest } | { readonly mistakes: readonly Mistake[] } {
  compiled ??= validator();
  if (compiled(value)) return { raw: value };
  const errors = compiled.errors ?? [];
  // For an outcome, report only the error that neither alternative fits.
  const either = errors
    .filter(({ keyword }) => keyword === "anyOf")
    .map(({ instancePath }) => instancePath);
  const telling = errors.filter(
    ({ keyword, instancePath }) =>
      keyword === "anyOf" || !either.some((path) => instancePath.startsWith(path)),
  );
  return { mistakes: telling.map(toMistake) };
}

function validator(): ValidateFunction<RawManifest> {
  const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true });
  // Ajv compares each item with all others: seconds for a list of 10,000.
  ajv.removeKeyword("uniqueItems");
  const unique: Keyword = (items) => {
    const known = new Set<unknown>();
    const i = items.findIndex((item) => known.size === known.add(item).size);
    unique.errors = i < 0 ? [] : [{ keyword: "uniqueItems", params: { i } }];
    return i < 0;
  };
  ajv.addKeyword({ keyword: "uniqueItems", type: "array", schema: false, validate: unique });
  return ajv.compile<RawManifest>(manifestSchema);
}

function toMistake(error: ErrorObject): Mistake {
  const path = error.instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((step) => (/^\d{1,9}$/.test(step) ? Number(step) : step));
  return {
    path:
      error.keyword === "additionalProperties"
        ? [...path, String(error.params.additionalProperty)]
        : path,
    message: tell(error),
  };
}

function tell({ keyword, params, data, message, parentSchema }: ErrorObject): string {
  switch (keyword) {
    case "additionalProperties": {
      const known = Object.keys(parentSchema?.properties ?? {});
      const near = known.find((name) => similar(name, String(params.additionalProperty)));
      return near === undefined
        ? `is not allowed here; use one of ${known.join(", ")}`
        : `is not allowed here; did you mean ${quote(near)}?`;
    }
    case "required":
      return `lacks the key ${quote(params.missingProperty)}`;
    case "type":
      return `is ${kindOf(data)}, but must be ${[params.type].flat().join(" or ")}`;
    case "anyOf":
      return `is ${kindOf(data)}, but must be an event type, or an array of event types`;
    case "const":
      return `is ${quote(data)}, but must be ${quote(params.allowedValue)}`;
    case "enum":
      return `is ${quote(data)}, but must be one of ${params.allowedValues.map(quote).join(", ")}`;
    case "propertyNames":
      return `has an invalid key: ${quote(params.propertyName)}`;
    case "uniqueItems":
      return `names ${quote(Array.isArray(data) ? data[params.i] : data)} twice`;
    default:
      return message ?? keyword;
  }
}

function kindOf(data: unknown): string {
  if (data === null) return "null";
  return Array.isArray(data) ? "an array" : `a ${typeof data}`.replace("a object", "an object");
}

/** Tells whether two names differ by one letter: added, removed or replaced. */
function similar(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return (
    a.slice(i + 1) === b.slice(i + 1) ||
    a.slice(i) === b.slice(i + 1) ||
    a.slice(i + 1) === b.slice(i)
  );
}
