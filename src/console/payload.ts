import { stemOf } from "../contract/grammar.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { DeferredBody } from "../ports/deferred.ts";
import type { Payload } from "./wire.ts";

const TEXT_MAX = 65_536;
const MASK = "…";
/** Deeper parts are not looked into, and left out. */
const MASK_DEPTH_MAX = 32;

/** The payload of a deferred delivery, with the fields masked that its contract calls sensitive. */
export function shownPayload(
  { malformed, text }: DeferredBody,
  type: string,
  manifest: Manifest | undefined,
): Payload {
  if (malformed) return cut(text, []);
  const [event]: readonly unknown[] = JSON.parse(text);
  const data = typeof event === "object" && event !== null && "data" in event ? event.data : null;
  const masked: string[] = [];
  const clean = maskIn(data, sensitiveIn(manifest, type), "", masked, 0);
  return cut(JSON.stringify(clean, undefined, 2) ?? "null", masked);
}

/** Of every version: an older one may hold the same field. */
function sensitiveIn(manifest: Manifest | undefined, type: string): ReadonlySet<string> {
  const versions = [...(manifest?.events ?? [])].filter(([one]) => stemOf(one) === stemOf(type));
  return new Set(versions.flatMap(([, { sensitive }]) => sensitive));
}

/** A field is sensitive by its own name, or by its path with dots. */
function maskIn(
  value: unknown,
  sensitive: ReadonlySet<string>,
  path: string,
  masked: string[],
  depth: number,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MASK_DEPTH_MAX) return MASK;
  if (Array.isArray(value))
    return value.map((item, at) => maskIn(item, sensitive, `${path}/${at}`, masked, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const own = `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (!isSensitive(own, name, sensitive))
        return [name, maskIn(item, sensitive, own, masked, depth + 1)];
      masked.push(own);
      return [name, MASK];
    }),
  );
}

function isSensitive(pointer: string, name: string, sensitive: ReadonlySet<string>): boolean {
  const dotted = pointer
    .slice(1)
    .split("/")
    .filter((part) => !/^\d+$/.test(part))
    .join(".");
  return sensitive.has(name) || sensitive.has(dotted);
}

function cut(text: string, masked: readonly string[]): Payload {
  const isCut = text.length > TEXT_MAX;
  return { text: isCut ? text.slice(0, TEXT_MAX) : text, masked, cut: isCut };
}
