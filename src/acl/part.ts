import { flowGraph } from "../manifest/graph.ts";
import type { Manifest } from "../manifest/manifest.ts";

/** What a service may do on a bus: emit its own types, and hear those that it declares. */
export interface ServicePart {
  readonly service: string;
  readonly emits: readonly string[];
  readonly hears: readonly string[];
}

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

/** A regular expression for exactly these texts; for none of them, one that nothing fits. */
export function exactly(texts: readonly string[]): string {
  return texts.length === 0
    ? "^$"
    : `^(${texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})$`;
}
