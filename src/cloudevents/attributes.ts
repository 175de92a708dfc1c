import { checkAttribute, type EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { readTrace } from "../contract/trace-context.ts";

// RFC 3339, section 5.6. Date.parse alone would accept "5" and "Tue".
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads and validates the attributes of an envelope, by their names on the wire. `null` means
 * unset, as in the specification. A missing `time` becomes `now` (milliseconds since 1970), a
 * missing `correlationid` the saga's id. A trace outside the grammar is left out. Throws
 * `ATTRIBUTE_INVALID`.
 */
export function readAttributes(
  members: ReadonlyMap<string, unknown>,
  now: number,
): Omit<EventEnvelope, "data"> {
  const specversion = members.get("specversion");
  if (specversion !== "1.0")
    throw new OdoriError("ATTRIBUTE_INVALID", `specversion is ${quote(specversion)}.`);
  const sagaId = checkAttribute("sagaid", members.get("sagaid"));
  const trace = readTrace(members.get("traceparent"), members.get("tracestate"));
  return {
    specversion,
    id: checkAttribute("id", members.get("id")),
    type: checkAttribute("type", members.get("type")),
    source: checkAttribute("source", members.get("source")),
    time: readTime(members.get("time"), now),
    sagaId,
    correlationId: optional(members, "correlationid") ?? sagaId,
    subject: optional(members, "subject"),
    causationId: optional(members, "causationid"),
    traceparent: trace.traceparent,
    tracestate: trace.tracestate,
  };
}

/** Returns the attributes that are set, by their names on the wire. */
export function writeAttributes(
  event: EventEnvelope,
): readonly (readonly [name: string, value: string])[] {
  const {
    specversion,
    id,
    type,
    source,
    time,
    subject,
    sagaId,
    correlationId,
    causationId,
    traceparent,
    tracestate,
  } = event;
  const all = [
    ["specversion", specversion],
    ["id", id],
    ["type", type],
    ["source", source],
    ["time", time],
    ["subject", subject],
    ["sagaid", sagaId],
    ["correlationid", correlationId],
    ["causationid", causationId],
    ["partitionkey", sagaId],
    ["traceparent", traceparent],
    ["tracestate", tracestate],
  ] as const;
  return all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function optional(members: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = members.get(name);
  return value === undefined || value === null ? undefined : checkAttribute(name, value);
}

function readTime(value: unknown, now: number): string {
  if (value === undefined || value === null) return new Date(now).toISOString();
  const text = checkAttribute("time", value);
  if (!RFC_3339.test(text) || Number.isNaN(Date.parse(text))) {
    throw new OdoriError("ATTRIBUTE_INVALID", `time is ${quote(text)}, which is not RFC 3339.`);
  }
  return text;
}
