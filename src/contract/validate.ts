import type { StandardSchemaV1 } from "@standard-schema/spec";
import { messageOf, OdoriError } from "./errors.ts";
import { quote } from "./grammar.ts";

/**
 * Validates a payload with the schema of the event `type`, and returns its yield. Throws
 * `PAYLOAD_INVALID` if it does not fit, or if the schema itself throws; `SCHEMA_UNUSABLE` if the
 * schema validates asynchronously.
 */
export function validated<Input, Data>(
  type: string,
  schema: StandardSchemaV1<Input, Data>,
  data: unknown,
): Data {
  const result = run(type, schema, data);
  if (isPromise(result)) {
    // A promise that rejects without a handler would end the process.
    result.then(undefined, () => {});
    throw whyPromised(type, schema, data);
  }
  if (result.issues === undefined) return result.value;
  throw new OdoriError(
    "PAYLOAD_INVALID",
    `The payload does not fit ${type}: ${describe(result.issues)}.`,
  );
}

function run<Input, Data>(type: string, schema: StandardSchemaV1<Input, Data>, data: unknown) {
  try {
    return schema["~standard"].validate(data);
  } catch (cause) {
    throw schemaThrew(type, cause);
  }
}

function isPromise<T>(result: T | Promise<T>): result is Promise<T> {
  return (
    typeof result === "object" &&
    result !== null &&
    "then" in result &&
    typeof result.then === "function"
  );
}

/**
 * zod returns a promise for an asynchronous schema, and also where a transform has thrown. Its own
 * synchronous `parse` tells the two apart: it throws what the transform threw.
 */
function whyPromised(type: string, schema: StandardSchemaV1, data: unknown): OdoriError {
  if (schema["~standard"].vendor === "zod" && parses(schema)) {
    try {
      schema.parse(data);
    } catch (cause) {
      if (!messageOf(cause).includes(".parseAsync")) return schemaThrew(type, cause);
    }
  }
  return new OdoriError("SCHEMA_UNUSABLE", `The schema of ${type} validates asynchronously.`, {
    hint: "Validate synchronously, and move the asynchronous part into the handler.",
  });
}

function parses(schema: object): schema is { parse(data: unknown): unknown } {
  return "parse" in schema && typeof schema.parse === "function";
}

function schemaThrew(type: string, cause: unknown): OdoriError {
  return new OdoriError(
    "PAYLOAD_INVALID",
    `The schema of ${type} threw for this payload: ${messageOf(cause)}.`,
    { cause, hint: "Let a transform report an issue instead of throwing." },
  );
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
