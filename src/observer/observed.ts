import { stemOf } from "../contract/grammar.ts";
import { entryOf } from "../manifest/fingerprint.ts";
import { type Manifest, typesEmittedAt, typesEmittedBy } from "../manifest/manifest.ts";
import { writeManifest } from "../manifest/write.ts";
import { type Hearer, type HearersOf, hearersIn } from "../observe/hearers.ts";
import { Legality } from "../observe/legality.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { StoredDeclaration } from "../ports/declarations.ts";
import type { SourceAbout } from "../ports/source.ts";

/** A service, with what its versions have declared. */
export interface Observed {
  readonly about: SourceAbout;
  readonly service: string;
  readonly hearers: HearersOf;
  /** Stems of the events that some version emits. */
  readonly emits: ReadonlySet<string>;
  /** Stems of the events that arm a deadline of some version; undefined if that is not known. */
  readonly arms: ReadonlySet<string> | undefined;
  readonly legality: Legality;
}

export function observed(about: SourceAbout): Observed {
  const { service, declarations } = about;
  return {
    ...{ about, service },
    hearers: hearersIn(service, declarations),
    emits: new Set(declarations.flatMap(({ manifest }) => emittedIn(manifest, service))),
    arms: armedBy(service, declarations),
    legality: new Legality(service, declarations),
  };
}

/** What a choreography says of a service whose journal may not be read. */
export interface DeclaredService extends Observed {
  /** Whether anything may follow from what it hears. A service that only listens ends no saga. */
  readonly goesOn: boolean;
}

/** The services of a choreography that hear something, or that let time pass. */
export function declaredServices(choreography: Manifest): readonly DeclaredService[] {
  const stored = { fingerprint: "", manifest: writeManifest(choreography), firstAt: 0, lastAt: 0 };
  return [...choreography.services.values()]
    .filter(({ reactions, deadlines }) => reactions.length + deadlines.length > 0)
    .map(({ name, deadlines, unlinked }) => {
      const one = observed({ service: name, declarations: [stored] });
      return { ...one, goesOn: unlinked || one.emits.size + deadlines.length > 0 };
    });
}

/** All that some services hear. */
export function hearersOfAll(services: readonly Observed[]): HearersOf {
  const all = new Map<string, readonly Hearer[]>();
  for (const { hearers } of services)
    for (const [stem, own] of hearers) all.set(stem, [...(all.get(stem) ?? []), ...own]);
  return all;
}

function emittedIn(manifest: string, service: string): readonly string[] {
  const { reactions = [], deadlines = [], begins = [] } = entryOf(manifest, service) ?? {};
  const types = [...reactions.flatMap(typesEmittedBy), ...deadlines.flatMap(typesEmittedAt)];
  return [...types, ...begins].map(stemOf);
}

function armedBy(
  service: string,
  declarations: readonly StoredDeclaration[],
): ReadonlySet<string> | undefined {
  const entries = declarations.map(({ manifest }) => entryOf(manifest, service));
  const known = entries.filter((entry) => entry !== undefined);
  if (known.length === 0 || known.length < entries.length) return undefined;
  return new Set(known.flatMap(({ deadlines }) => deadlines.map(({ after }) => stemOf(after))));
}

/** Whether a service has declared nothing new, and no version has taken the place of the last. */
export function isSameAbout(a: SourceAbout, b: SourceAbout): boolean {
  const text = ({ service, declarations }: SourceAbout) =>
    [
      service,
      ...declarations.map(({ fingerprint, firstAt }) => `${fingerprint} ${firstAt}`),
    ].join();
  return text(a) === text(b);
}

/** Whether a saga may have a part in a service, as far as the journals of others tell. */
export function mayHavePart(
  { service, hearers }: Observed,
  parts: readonly ServiceHistory[],
): boolean {
  return parts.some(({ history }) =>
    history.journal.some(
      ({ source, emitted }) =>
        source === `/${service}` || emitted.some(({ type }) => hearers.has(stemOf(type))),
    ),
  );
}
