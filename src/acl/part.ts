import { flowGraph } from "../manifest/graph.ts";
import type { Manifest } from "../manifest/manifest.ts";

/** Lists the event types that a service emits and hears. */
export interface ServicePart {
  readonly service: string;
  readonly emits: readonly string[];
  readonly hears: readonly string[];
}

/** Returns the part of each service, with types in order of name. */
export function partsOf(manifest: Manifest): readonly ServicePart[] {
  const { emitters, hearers } = flowGraph(manifest);
  const typesOf = (
    name: string,
    roles: ReadonlyMap<string, readonly { readonly service: { readonly name: string } }[]>,
  ) =>
    [...roles]
      .flatMap(([type, list]) => (list.some(({ service }) => service.name === name) ? [type] : []))
      .sort();
  return [...manifest.services.keys()].map((service) => ({
    service,
    emits: typesOf(service, emitters),
    hears: typesOf(service, hearers),
  }));
}

/** Returns a regular expression that matches exactly these texts; `^$` for an empty list. */
export function exactly(texts: readonly string[]): string {
  return texts.length === 0
    ? "^$"
    : `^(${texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})$`;
}
