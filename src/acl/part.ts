import type { ServicePart } from "../adapter/provision.ts";
import { checkServiceName, parseTypeName } from "../contract/grammar.ts";
import { flowGraph } from "../manifest/graph.ts";
import type { Manifest } from "../manifest/manifest.ts";

/**
 * Returns the part of each service, with types in order of name. Names become users, subjects and
 * words of a shell: throws `NAME_GRAMMAR` for one outside the grammar.
 */
export function partsOf(manifest: Manifest): readonly ServicePart[] {
  const { emitters, hearers } = flowGraph(manifest);
  const typesOf = (
    name: string,
    roles: ReadonlyMap<string, readonly { readonly service: { readonly name: string } }[]>,
  ) =>
    [...roles]
      .flatMap(([type, list]) => (list.some(({ service }) => service.name === name) ? [type] : []))
      .sort();
  const parts = [...manifest.services.keys()].map((service) => ({
    service,
    emits: typesOf(service, emitters),
    hears: typesOf(service, hearers),
  }));
  for (const { service, emits, hears } of parts) {
    checkServiceName(service);
    for (const type of [...emits, ...hears]) parseTypeName(type);
  }
  return parts;
}

/** Returns a regular expression that matches exactly these texts; `^$` for an empty list. */
export function exactly(texts: readonly string[]): string {
  return texts.length === 0
    ? "^$"
    : `^(${texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})$`;
}

/** Quotes a word for a POSIX shell, unless it means itself there. */
export function shellWord(word: string): string {
  return /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
