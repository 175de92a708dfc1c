import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EventEnvelope } from "./envelope.ts";
import { checkAttribute } from "./envelope.ts";
import { OdoriError } from "./errors.ts";
import { parseTypeName, quote, type TypeName } from "./grammar.ts";
import { jsonSchemaOf } from "./json-schema-of.ts";
import { type Plain, toPlain } from "./plain.ts";

/** A payload that fits its contract, ready to be emitted. Only calling a contract makes one. */
export class Fact<TType extends string = string, TData = unknown> {
  readonly type: TType;
  readonly data: TData;
  readonly subject: string | undefined;
  /** Never less than the payload's size as JSON. */
  readonly bytesAtMost: number;
  /** Keeps a look-alike object literal from passing for a fact. */
  readonly #made = true;

  constructor(type: TType, data: TData, subject: string | undefined, bytesAtMost: number) {
    this.type = type;
    this.data = data;
    this.subject = subject;
    this.bytesAtMost = bytesAtMost;
  }

  static is(value: unknown): value is Fact {
    return typeof value === "object" && value !== null && #made in value;
  }
}

export interface FactOptions {
  /** What the event is about, within its source. */
  readonly subject?: string;
}

export interface EventOptions {
  /** One line for people: what has happened when this event is heard. */
  readonly summary?: string;
  /** Fields of the payload that hold personal data on purpose. */
  readonly sensitive?: readonly string[];
  /** Findings of `odori check` that are accepted for this event: code, and the reason. */
  readonly suppress?: Readonly<Record<string, string>>;
}

/**
 * An event's type name and schema. Call it to make a fact: `orderPlaced({ orderId: "o-1", amount:
 * 100 })`.
 * `TInput` is what the schema takes and `TData` what it yields; both must be JSON, since the yield
 * is what travels.
 */
export interface EventContract<TType extends string = string, TData = unknown, TInput = never> {
  (data: TInput, options?: FactOptions): Fact<TType, TData>;
  readonly type: TType;
  /** The owner of the event, by its name: `payment` for `payment.authorized.v1`. */
  readonly domain: string;
  readonly summary: string | undefined;
  readonly sensitive: readonly string[];
  readonly suppress: Readonly<Record<string, string>>;
  /**
   * The payload as JSON Schema, draft 2020-12; undefined where the schema's library cannot say it.
   */
  toJsonSchema(): Readonly<Record<string, unknown>> | undefined;
  /** Validates a payload that came from outside; throws `PAYLOAD_INVALID`. */
  parse(data: unknown): TData;
  /**
   * Makes a fact from data of unknown shape, such as another event's payload; throws
   * `PAYLOAD_INVALID`.
   */
  from(data: unknown, options?: FactOptions): Fact<TType, TData>;
}

/** The fact that a contract makes. */
export type FactOf<E extends EventContract> = ReturnType<E>;
/**
 * The envelope in which a contract's event arrives; for a union of contracts, the union of their
 * envelopes.
 */
export type EnvelopeOf<E extends EventContract> = E extends EventContract
  ? EventEnvelope<E["type"], ReturnType<E>["data"]>
  : never;
/** What a contract is called with. */
export type InputOf<E extends EventContract> = Parameters<E>[0];

/**
 * Declares an event: `event("order.placed.v1", z.object({ orderId: z.string() }))`.
 * The schema is of any Standard Schema library (zod, valibot, arktype), or plain JSON Schema
 * through `jsonSchema()` of `odori/json-schema`. What the schema yields is what travels, and is
 * validated once more where it arrives: a schema that transforms must accept its own yield. Throws
 * `NAME_GRAMMAR` or `SCHEMA_UNUSABLE`.
 */
export function event<TType extends TypeName, TSchema extends StandardSchemaV1>(
  type: TType,
  schema: TSchema,
  options: EventOptions = {},
): EventContract<
  TType,
  StandardSchemaV1.InferOutput<TSchema>,
  StandardSchemaV1.InferInput<TSchema>
> {
  type Data = StandardSchemaV1.InferOutput<TSchema>;
  type Input = StandardSchemaV1.InferInput<TSchema>;
  const { domain } = parseTypeName(type);
  const standard: StandardSchemaV1.Props<Input, Data> | undefined = schema?.["~standard"];
  if (typeof standard?.validate !== "function") {
    throw new OdoriError("SCHEMA_UNUSABLE", `The schema of ${type} is not a Standard Schema.`, {
      hint: 'Use zod, valibot or arktype, or wrap a plain JSON Schema with jsonSchema() of "odori/json-schema".',
    });
  }
  const validate = standard.validate;

  function parse(data: unknown): Data {
    const result = validate(data);
    if (result instanceof Promise) {
      throw new OdoriError("SCHEMA_UNUSABLE", `The schema of ${type} validates asynchronously.`, {
        hint: "A contract only looks at the payload: move what needs to wait into the handler.",
      });
    }
    if (result.issues !== undefined) {
      throw new OdoriError(
        "PAYLOAD_INVALID",
        `The payload does not fit ${type}: ${describe(result.issues)}.`,
      );
    }
    return result.value;
  }

  function make(data: unknown, { subject }: FactOptions = {}): Fact<TType, Data> {
    const parsed = parse(data);
    const plain = toPlain(parsed);
    if (!isCopyOf(parsed, plain.data))
      throw new OdoriError("PAYLOAD_NOT_JSON", `The payload of ${type} cannot travel.`);
    return new Fact(
      type,
      plain.data,
      subject === undefined ? undefined : checkAttribute("subject", subject),
      plain.bytesAtMost,
    );
  }

  return Object.assign((data: Input, more?: FactOptions) => make(data, more), {
    type,
    domain,
    summary: options.summary,
    sensitive: options.sensitive ?? [],
    suppress: options.suppress ?? {},
    toJsonSchema: () => jsonSchemaOf(standard),
    parse,
    from: make,
  });
}

/** Whether something from outside the type system, such as a module's export, is a contract. */
export function isContract(value: unknown): value is EventContract {
  return (
    typeof value === "function" &&
    "type" in value &&
    typeof value.type === "string" &&
    "from" in value &&
    "parse" in value
  );
}

/** `toPlain` copies or throws, so its result has the type of what it was given; said once, here. */
function isCopyOf<T>(original: T, copy: unknown): copy is T & Plain {
  return typeof original === typeof copy;
}

const ISSUES_SHOWN_MAX = 5;

function describe(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, ISSUES_SHOWN_MAX).map((issue) => {
    const path = (issue.path ?? [])
      .map((step) => String(typeof step === "object" ? step.key : step))
      .join(".");
    return path === "" ? issue.message : `${quote(path)} ${issue.message}`;
  });
  const rest = issues.length - shown.length;
  return rest > 0 ? `${shown.join("; ")}; and ${rest} more` : shown.join("; ");
}
