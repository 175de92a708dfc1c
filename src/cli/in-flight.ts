import { codeOf, OdoriError } from "../contract/errors.ts";
import { jsonSchema } from "../contract/json-schema.ts";
import type { Hazard } from "../manifest/hazards.ts";
import { storedDeadline, storedReaction } from "../manifest/hazards.ts";
import type { Manifest, ServiceEntry } from "../manifest/manifest.ts";
import { compareWith, recentEntries, type TryBody } from "../runtime/in-flight.ts";
import type { Found } from "./data.ts";

/** What a new version of one service meets in its database. */
export interface ServiceInFlight {
  readonly service: string;
  /** False if the sources do not declare it: then nothing is compared. */
  readonly declared: boolean;
  readonly hazards: readonly Hazard[];
}

/** Compares the new version of each service with its database. Throws `DATA_NOT_FOUND`. */
export async function inFlight(
  manifest: Manifest,
  found: readonly Found[],
): Promise<readonly ServiceInFlight[]> {
  const compared = await Promise.all(
    found.map(async ({ service, store }): Promise<ServiceInFlight> => {
      const entry = manifest.services.get(service);
      if (entry === undefined) return { service, declared: false, hazards: [] };
      const before = recentEntries(await store.declarations.all(), service, 0);
      const { hazards } = await compareWith(store, before, entry, bodiesOf(manifest, entry));
      return { service, declared: true, hazards };
    }),
  );
  if (compared.some(({ declared }) => declared)) return compared;
  const names = found.map(({ service }) => service).join(", ");
  throw new OdoriError("DATA_NOT_FOUND", `The sources declare none of the services ${names}.`, {
    hint: "Name the sources of the services whose databases these are.",
  });
}

/** Tries payloads against the schemas of the new version. What it upcasts is not tried. */
function bodiesOf(
  { events }: Manifest,
  { reactions, deadlines, alsoHears }: ServiceEntry,
): TryBody {
  const hears = new Map<string, readonly string[]>([
    ...reactions.map((entry) => [storedReaction(entry), entry.hears] as const),
    ...deadlines.map((entry) => [storedDeadline(entry), [entry.after]] as const),
  ]);
  return (name, { type, data }) => {
    const heard = hears.get(name);
    if (heard === undefined) return;
    const older = heard.flatMap((one) => alsoHears.get(one) ?? []);
    if (!heard.includes(type) && !older.includes(type))
      throw new OdoriError("UNKNOWN_TYPE", `It does not read ${type}.`);
    const schema = events.get(type)?.schema;
    if (typeof schema !== "object" || !heard.includes(type)) return;
    const result = compiled(schema)?.["~standard"].validate(data);
    if (result === undefined || result instanceof Promise || result.issues === undefined) return;
    const [issue] = result.issues;
    throw new OdoriError("PAYLOAD_INVALID", `${type}: ${issue?.message ?? "is invalid"}`);
  };
}

/** A schema that cannot be compiled tells nothing. */
function compiled(schema: Readonly<Record<string, unknown>>) {
  try {
    return jsonSchema(schema);
  } catch (error) {
    if (codeOf(error) === "SCHEMA_UNUSABLE") return undefined;
    throw error;
  }
}
