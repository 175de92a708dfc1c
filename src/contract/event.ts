import type { StandardSchemaV1 } from "@standard-schema/spec";
import { noteCallSite } from "./call-site.ts";
import type { EventEnvelope } from "./envelope.ts";
import { checkAttribute } from "./envelope.ts";
import { OdoriError } from "./errors.ts";
import { parseTypeName, quote, stemOf, type TypeName } from "./grammar.ts";
import { jsonSchemaOf, type SchemaSide } from "./json-schema-of.ts";
import type { Plain } from "./plain.ts";
import { toTravel } from "./travel.ts";
import { validated } from "./validate.ts";

/** A payload that fits its contract, ready to be emitted. Only a contract makes one. */
export class Fact<TType extends string = string, TData = unknown> {
  readonly type: TType;
  /** The payload as the schema yields it: what a handler that hears the event gets. */
  readonly data: TData;
  /** The payload as it travels: JSON of which the schema yields `data` again. */
  readonly json: Plain;
  readonly subject: string | undefined;
  /** Upper bound of the size of `json` as text, in bytes. */
  readonly bytesAtMost: number;
  /** Tells a fact from an object literal of the same shape. */
  readonly #made = true;

  constructor({ type, data, json, subject, bytesAtMost }: FactParts<TType, TData>) {
    this.type = type;
    this.data = data;
    this.json = json;
    this.subject = subject;
    this.bytesAtMost = bytesAtMost;
  }

  static is(value: unknown): value is Fact {
    return typeof value === "object" && value !== null && #made in value;
  }
}

type FactParts<TType extends string, TData> = Pick<
  Fact<TType, TData>,
  "type" | "data" | "json" | "subject" | "bytesAtMost"
>;

/** Options of one fact. */
export interface FactOptions {
  /** The object that the event is about, within its source: CloudEvents `subject`. */
  readonly subject?: string;
}

/** Options of an event contract. */
export interface EventOptions {
  /** One line for people: the fact that this event reports. */
  readonly summary?: string;
  /**
   * Fields of the payload that hold personal data on purpose.
   * @default []
   */
  readonly sensitive?: readonly string[];
  /**
   * Findings of `odori check` that this event accepts: code, and the reason.
   * @default {}
   */
  readonly suppress?: Readonly<Record<string, string>>;
}

/**
 * How a contract deals with an older version of its event. Both versions are one fact with the
 * same name without the version, and a reaction runs once for both.
 *
 * @example
 * ```ts
 * import { event } from "odori";
 * import { z } from "zod";
 *
 * const v1 = event("order.placed.v1", z.object({ orderId: z.string() }));
 * const v2 = event("order.placed.v2", z.object({ orderId: z.string(), currency: z.string() }), {
 *   from: [v1, (old) => ({ ...old, currency: "JPY" })],
 *   to: [v1, ({ currency, ...rest }) => rest],
 * });
 * ```
 */
export interface VersionOptions<
  Input,
  Data,
  Older extends EventContract,
  Earlier extends EventContract,
> {
  /**
   * An older version, and the payload of this one made from its payload. A service that hears this
   * event then hears the older one too.
   */
  readonly from?: readonly [Older, (old: ReturnType<Older>["data"]) => Input];
  /**
   * An older version, and its payload made from the payload of this one. A service that emits this
   * event then publishes the older one too, with the same id.
   */
  readonly to?: readonly [Earlier, (data: Data) => Parameters<Earlier>[0]];
}

/** Another version of a contract's event, and how payloads are converted. */
export interface Conversion {
  readonly contract: EventContract;
  convert(data: unknown): unknown;
}

/**
 * The type name and the schema of an event. A call makes a fact of it.
 * The schema takes `TInput` and yields `TData`. JSON travels of which it yields the same again.
 *
 * @example
 * ```ts
 * import { orderPlaced } from "./contracts.ts";
 *
 * const fact = orderPlaced({ orderId: "o-1", amount: 100 }, { subject: "o-1" });
 * console.log(fact.type, orderPlaced.domain, orderPlaced.toJsonSchema());
 * ```
 */
export interface EventContract<TType extends string = string, TData = unknown, TInput = never> {
  (data: TInput, options?: FactOptions): Fact<TType, TData>;
  readonly type: TType;
  /** The first word of the type, which names the owner: `payment` for `payment.authorized.v1`. */
  readonly domain: string;
  readonly summary: string | undefined;
  readonly sensitive: readonly string[];
  readonly suppress: Readonly<Record<string, string>>;
  /** The older version that it reads, of `from`. */
  readonly upcast: Conversion | undefined;
  /** The older version as which it is published too, of `to`. */
  readonly downcast: Conversion | undefined;
  /**
   * Returns the payload as JSON Schema, draft 2020-12. `"input"` is what the contract accepts, so
   * what a consumer needs: a field with a default is optional, and a part without an equivalent,
   * such as a coerced date, may be anything. `"output"` is what its schema yields. Undefined where
   * the schema's library cannot express it.
   *
   * @default "input"
   */
  toJsonSchema(side?: "input" | "output"): Readonly<Record<string, unknown>> | undefined;
  /** Validates a payload from outside. Throws `PAYLOAD_INVALID`. */
  parse(data: unknown): TData;
  /**
   * Makes a fact from data of unknown shape, such as another event's payload. Throws
   * `PAYLOAD_INVALID`.
   */
  from(data: unknown, options?: FactOptions): Fact<TType, TData>;
}

/** The fact that a contract makes. */
export type FactOf<E extends EventContract> = ReturnType<E>;
/**
 * The envelope in which a contract's event arrives. For a union of contracts it is the union of
 * their envelopes.
 *
 * @example
 * ```ts
 * import type { EnvelopeOf } from "odori";
 * import type { orderPlaced } from "./contracts.ts";
 *
 * function amountOf({ data }: EnvelopeOf<typeof orderPlaced>): number {
 *   return data.amount;
 * }
 * ```
 */
export type EnvelopeOf<E extends EventContract> = E extends EventContract
  ? EventEnvelope<E["type"], ReturnType<E>["data"]>
  : never;
/** The payload that a contract is called with. */
export type InputOf<E extends EventContract> = Parameters<E>[0];

/**
 * Declares an event by its type name and its schema.
 *
 * The schema is of any Standard Schema library (zod, valibot, arktype), or plain JSON Schema
 * through `jsonSchema()` of `odori/json-schema`. Throws `NAME_GRAMMAR` or `SCHEMA_UNUSABLE`.
 *
 * A payload is parsed where it is emitted, travels as JSON, and is parsed again where it arrives.
 * What travels is the yield of the schema, with a date as ISO text and a bigint as decimal text. If
 * the schema does not accept its own yield, such as an amount that it multiplies, the input travels
 * instead. If neither would parse to the same yield, the call throws `PAYLOAD_CHANGES`.
 *
 * @example
 * ```ts
 * import { event } from "odori";
 * import { z } from "zod";
 *
 * const orderPlaced = event(
 *   "order.placed.v1",
 *   z.object({ orderId: z.string(), amount: z.int().positive() }),
 *   { summary: "A customer has placed an order." },
 * );
 * const fact = orderPlaced({ orderId: "o-1", amount: 100 });
 * ```
 */
export function event<
  TType extends TypeName,
  TSchema extends StandardSchemaV1,
  Older extends EventContract = never,
  Earlier extends EventContract = never,
>(
  type: TType,
  schema: TSchema,
  options: EventOptions &
    VersionOptions<
      StandardSchemaV1.InferInput<TSchema>,
      StandardSchemaV1.InferOutput<TSchema>,
      Older,
      Earlier
    > = {},
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
      hint:
        "Use zod, valibot or arktype, or wrap a plain JSON Schema with jsonSchema() of " +
        '"odori/json-schema".',
    });
  }
  const parse = (data: unknown): Data => validated<Input, Data>(type, schema, data);

  function make(data: unknown, { subject }: FactOptions = {}): Fact<TType, Data> {
    const yielded = parse(data);
    const travelling = toTravel(type, data, yielded, parse);
    const checked = subject === undefined ? undefined : checkAttribute("subject", subject);
    return new Fact<TType, Data>({ type, ...travelling, subject: checked });
  }

  const contract = Object.assign((data: Input, more?: FactOptions) => make(data, more), {
    type,
    domain,
    summary: options.summary,
    sensitive: options.sensitive ?? [],
    suppress: options.suppress ?? {},
    upcast: options.from && conversion(type, options.from),
    downcast: options.to && conversion(type, options.to),
    toJsonSchema: (side: SchemaSide = "input") => jsonSchemaOf(standard, side),
    parse,
    from: make,
  });
  return noteCallSite(contract, event);
}

/** Takes the type of a conversion off: it is called with what its own contracts have parsed. */
function conversion(
  type: string,
  [contract, convert]: readonly [EventContract, Conversion["convert"]],
): Conversion {
  if (isContract(contract) && stemOf(contract.type) === stemOf(type)) {
    const [older, own] = [parseTypeName(contract.type), parseTypeName(type)];
    if (older.version < own.version) return { contract, convert };
  }
  const other = isContract(contract) ? contract.type : contract;
  throw new OdoriError(
    "DECLARATION_INVALID",
    `${type} converts ${quote(other)}, which is not an older version of it.`,
    { hint: "Name a contract of the same event with a lower version." },
  );
}

/** Tells whether a value from outside the type system, such as a module's export, is a contract. */
export function isContract(value: unknown): value is EventContract {
  return (
    typeof value === "function" &&
    "type" in value &&
    typeof value.type === "string" &&
    "from" in value &&
    "parse" in value
  );
}
