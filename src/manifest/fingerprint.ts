import { hash } from "node:crypto";
import type { Service } from "../choreography/service.ts";
import type { EventContract } from "../contract/event.ts";
import { convert } from "./convert.ts";
import { manifestOfServices } from "./from-code.ts";
import type { Manifest, ServiceEntry } from "./manifest.ts";
import type { RawManifest } from "./shape.ts";
import { writeManifest } from "./write.ts";

/** A service as its database keeps it: its manifest, and what identifies that. */
export interface Portrait {
  readonly fingerprint: string;
  readonly manifest: string;
  readonly entry: ServiceEntry;
}

/** Identifies a manifest: the SHA-256 of its canonical JSON. */
export function fingerprintOf(manifest: Manifest): string {
  return hash("sha256", writeManifest(manifest), "hex");
}

/** By service: a simulation starts the same one many times. */
const portraits = new WeakMap<Service<never, EventContract>, Portrait>();

/** Describes a service: its names say where its rows are, its schemas what they may hold. */
export function portraitOf(service: Service<never, EventContract>): Portrait {
  const known = portraits.get(service);
  if (known !== undefined) return known;
  const portrait = portray(service);
  portraits.set(service, portrait);
  return portrait;
}

function portray(service: Service<never, EventContract>): Portrait {
  const manifest = manifestOfServices(service.name, [service]);
  const [entry] = manifest.services.values();
  if (entry === undefined) throw new TypeError("a manifest of one service has one service");
  const fingerprint = fingerprintOf(manifest);
  return { fingerprint, manifest: writeManifest(manifest), entry };
}

/**
 * Reads a service from a manifest that some version of this program has written into its database.
 * Undefined where it does not have it.
 */
export function entryOf(text: string, service: string): ServiceEntry | undefined {
  return manifestIn(text)?.services.get(service);
}

/** Reads a manifest that some version of this program has written into a database. */
export function manifestIn(text: string): Manifest | undefined {
  const document: unknown = JSON.parse(text);
  return isWritten(document) ? convert(document, []) : undefined;
}

/** The database holds nothing but what this program wrote; a later version may have added keys. */
function isWritten(value: unknown): value is RawManifest {
  return typeof value === "object" && value !== null && "services" in value && "name" in value;
}
