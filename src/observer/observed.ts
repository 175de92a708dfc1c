import { stemOf } from "../contract/grammar.ts";
import { entryOf } from "../manifest/fingerprint.ts";
import { typesEmittedAt, typesEmittedBy } from "../manifest/manifest.ts";
import { type HearersOf, hearersIn } from "../observe/hearers.ts";
import { Legality } from "../observe/legality.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { SourceAbout } from "../ports/source.ts";

/** A service, with what its versions have declared. */
export interface Observed {
  readonly about: SourceAbout;
  readonly service: string;
  readonly hearers: HearersOf;
  /** Stems of the events that some version emits. */
  readonly emits: ReadonlySet<string>;
  readonly legality: Legality;
}

export function observed(about: SourceAbout): Observed {
  const { service, declarations } = about;
  return {
    ...{ about, service },
    hearers: hearersIn(service, declarations),
    emits: new Set(declarations.flatMap(({ manifest }) => emittedIn(manifest, service))),
    legality: new Legality(service, declarations),
  };
}

function emittedIn(manifest: string, service: string): readonly string[] {
  const { reactions = [], deadlines = [], begins = [] } = entryOf(manifest, service) ?? {};
  const types = [...reactions.flatMap(typesEmittedBy), ...deadlines.flatMap(typesEmittedAt)];
  return [...types, ...begins].map(stemOf);
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
