import { isLinks } from "./links.ts";
import type { Manifest } from "./manifest.ts";
import { ManifestError, type Mistake } from "./mistakes.ts";
import { toManifest } from "./read.ts";
import type { ParsedText } from "./text.ts";

type Raw = Readonly<Record<string, unknown>>;
type Path = Mistake["path"];

/** Most events of a list. A person writes ten. */
const EVENTS_MAX = 10_000;

/** What people write for the type of a field. Anything else is a string. */
const TYPES: ReadonlyMap<unknown, Raw> = new Map(
  `any {}|array {"type":"array"}|bool {"type":"boolean"}|boolean {"type":"boolean"}
  |decimal {"type":"number"}|double {"type":"number"}|float {"type":"number"}
  |int {"type":"integer"}|integer {"type":"integer"}|number {"type":"number"}
  |object {"type":"object"}`
    .split("|")
    .map((pair) => pair.trim().split(" "))
    .map(([name = "", schema = "{}"]) => [name, JSON.parse(schema)]),
);

/** Tells whether a document can only be a list of events: no manifest, AsyncAPI or overlay. */
export function isEventList(value: unknown): boolean {
  return !isMapping(value) || !("odori" in value || "asyncapi" in value || isLinks(value));
}

/**
 * Converts a bare list of events to a manifest without reactions, for its names and payloads to be
 * judged. An event is a name, or `{ name, by, data, schema, summary, sensitive, suppress }`; the
 * list may also be a mapping by name. Throws `MANIFEST_INVALID` with at most 100 mistakes.
 */
export function toEventList(value: unknown, file: string, place: ParsedText["place"]): Manifest {
  const mistakes: Mistake[] = [];
  // Maps: a name may be `__proto__`.
  const events = new Map<string, Raw>();
  const services = new Map<string, { readonly begins: string[] }>();
  for (const { name, entry, path } of entriesOf(value, mistakes)) {
    const { by, data, ...event } = described(entry);
    if (by !== undefined && typeof by !== "string")
      mistakes.push({ path: [...path, "by"], message: "is not the name of a service" });
    else if (by !== undefined) {
      const service = services.get(by);
      if (service === undefined) services.set(by, { begins: [name] });
      else service.begins.push(name);
    }
    const schema = data === undefined ? undefined : payloadOf(data, [...path, "data"], mistakes);
    events.set(name, { ...(schema !== undefined && { schema }), ...event });
  }
  if (mistakes.length > 0) throw new ManifestError(file, mistakes.slice(0, 100).map(place));
  const document = {
    odori: 1,
    name: "events",
    events: Object.fromEntries(events),
    services: Object.fromEntries(services),
  };
  return toManifest(document, file);
}

interface Entry {
  readonly name: string;
  readonly entry: unknown;
  readonly path: Path;
}

function entriesOf(value: unknown, mistakes: Mistake[]): readonly Entry[] {
  const entries = readEntries(value, mistakes);
  if (entries.length <= EVENTS_MAX) return entries;
  mistakes.push({
    path: [],
    message: `lists ${entries.length} events; the limit is ${EVENTS_MAX}`,
  });
  return [];
}

function readEntries(value: unknown, mistakes: Mistake[]): readonly Entry[] {
  // Names with spaces or lines between them, as a person types them.
  if (typeof value === "string")
    return value
      .split(/\s+/)
      .filter((name) => name !== "")
      .map((name) => ({ name, entry: undefined, path: [] }));
  const list = isMapping(value) && Array.isArray(value.events) ? value.events : value;
  if (Array.isArray(list))
    return list.flatMap((item: unknown, index): readonly Entry[] => {
      if (typeof item === "string") return [{ name: item, entry: undefined, path: [index] }];
      if (isMapping(item) && typeof item.name === "string") {
        const { name, ...entry } = item;
        return [{ name, entry, path: [index] }];
      }
      mistakes.push({ path: [index], message: "is neither a name nor an event with a name" });
      return [];
    });
  if (isMapping(list))
    return Object.entries(list).map(([name, entry]) => ({ name, entry, path: [name] }));
  mistakes.push({ path: [], message: "is not a list of events" });
  return [];
}

/** An event of a mapping may be only its fields. */
function described(entry: unknown): Raw {
  if (Array.isArray(entry)) return { data: entry };
  return isMapping(entry) ? entry : {};
}

/** Fields by name, or with the type of each. */
function payloadOf(data: unknown, path: Path, mistakes: Mistake[]): Raw | undefined {
  const fields: readonly (readonly [unknown, unknown])[] = Array.isArray(data)
    ? data.map((field: unknown) =>
        isMapping(field) ? [field.name, field.type] : [field, undefined],
      )
    : isMapping(data)
      ? Object.entries(data)
      : [];
  const named = fields.filter(([name]) => typeof name === "string");
  if (named.length < fields.length || (!Array.isArray(data) && !isMapping(data))) {
    mistakes.push({ path, message: "is neither a list of fields nor a mapping of their types" });
    return undefined;
  }
  const properties = named.map(([name, type]) => [
    name,
    isMapping(type) ? type : (TYPES.get(type) ?? { type: "string" }),
  ]);
  return { type: "object", properties: Object.fromEntries(properties) };
}

function isMapping(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
