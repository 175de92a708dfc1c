import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, OdoriError } from "../contract/errors.ts";
import { jsonSchema } from "../contract/json-schema.ts";
import { KeptEvents } from "../dev/kept-events.ts";
import { manifestIn } from "../manifest/fingerprint.ts";
import type { EventToRepublish } from "../observe/republish.ts";
import type { Found } from "./data.ts";

/** What `odori dev` has kept of an event in a folder of databases, in each of its versions. */
export function keptEvent(data: string, { sagaId, id }: EventToRepublish) {
  const kept = KeptEvents.in(data);
  try {
    return kept?.of(sagaId).filter((event) => event.id === id) ?? [];
  } finally {
    kept?.close();
  }
}

/**
 * The event with a payload that a person has written. Throws `USAGE` if it cannot be used, and
 * `PAYLOAD_INVALID` if it does not fit what its sender has declared.
 */
export async function withPayload(
  event: EventToRepublish,
  text: string,
  sender: Found,
): Promise<EventEnvelope> {
  const { id, type, source, time, sagaId, correlationId, causationId } = event;
  if (event.heard)
    throw new OdoriError("USAGE", `A service has handled ${type} with a payload that is gone.`, {
      hint: "With another payload the services would have two truths: repair their rows by hand.",
    });
  const data = payloadIn(text);
  const [newest] = await sender.store.declarations.all();
  const schema = newest && manifestIn(newest.manifest)?.events.get(type)?.schema;
  if (typeof schema === "object") checkPayload(type, data, schema);
  return {
    ...{ specversion: "1.0", id, type, source, time, sagaId, correlationId, data },
    ...(causationId !== undefined && { causationId }),
  };
}

function payloadIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OdoriError("USAGE", "--payload is not JSON.", {
      cause,
      hint: `Write it as --payload '{"orderId":"order-1"}'.`,
    });
  }
}

function checkPayload(
  type: string,
  data: unknown,
  schema: Readonly<Record<string, unknown>>,
): void {
  try {
    const result = jsonSchema(schema)["~standard"].validate(data);
    if (result instanceof Promise || result.issues === undefined) return;
    const [issue] = result.issues;
    throw new OdoriError("PAYLOAD_INVALID", `${type}: ${issue?.message ?? "is invalid"}.`, {
      hint: "Write the payload as its sender would have.",
    });
  } catch (error) {
    if (codeOf(error) !== "SCHEMA_UNUSABLE") throw error;
  }
}
