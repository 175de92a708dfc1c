import { stemOf } from "../../contract/grammar.ts";
import { oneEventPerLineage } from "../../manifest/lineage.ts";
import {
  type Manifest,
  type ServiceEntry,
  typesEmittedAt,
  typesEmittedBy,
} from "../../manifest/manifest.ts";
import type { Versions } from "./versions.ts";

/** Two states of a choreography: before and after its services are deployed. */
export interface TwoStates {
  readonly old: Manifest;
  readonly now: Manifest;
}

/**
 * Makes the choreography while one service is deployed: both versions of it, and the others as they
 * are then. `waiting` names the services that are still old.
 */
export function mixtureOf(
  { old, now }: TwoStates,
  versions: Versions,
  waiting: ReadonlySet<string>,
): Manifest {
  const services = new Map<string, ServiceEntry>();
  for (const name of new Set([...old.services.keys(), ...now.services.keys()])) {
    const [was, is] = [old.services.get(name), now.services.get(name)];
    if (name === versions.service) {
      const [before, after] = alike(was ?? absent(name), is ?? absent(name));
      services.set(versions.old, { ...before, name: versions.old });
      services.set(versions.now, { ...after, name: versions.now });
      continue;
    }
    const entry = waiting.has(name) ? was : is;
    if (entry !== undefined) services.set(name, entry);
  }
  return oneEventPerLineage({ ...united({ old, now }), services });
}

/** Names what neither state emits, and that is taken to come from outside, once or never. */
export function fromOutside({ old, now }: TwoStates): readonly string[] {
  const both = [old, now];
  const services = both.flatMap((manifest) => [...manifest.services.values()]);
  const heard = services.flatMap(({ reactions, deadlines }) => [
    ...reactions.flatMap(({ hears }) => hears),
    ...deadlines.flatMap(({ after, unless }) => [after, ...unless]),
  ]);
  const emitted = services.flatMap(({ begins, reactions, deadlines }) => [
    ...begins,
    ...reactions.flatMap(typesEmittedBy),
    ...deadlines.flatMap(typesEmittedAt),
  ]);
  const listed = both.flatMap(({ begins, arrives, external }) => [
    ...begins,
    ...arrives,
    ...external,
  ]);
  // A version that no service emits yet is not from outside if another one is emitted.
  const known = new Set([...emitted, ...listed].map(stemOf));
  return [...new Set(heard)].filter((type) => !known.has(stemOf(type))).sort();
}

/** What both states say of the whole. Where they contradict each other, the new one holds. */
function united(change: TwoStates): Manifest {
  const { old, now } = change;
  const of = (list: (manifest: Manifest) => readonly string[]) => [
    ...new Set([...list(now), ...list(old)]),
  ];
  const unitedBy = <T>(list: (manifest: Manifest) => readonly T[]) => [
    ...new Map([...list(now), ...list(old)].map((item) => [JSON.stringify(item), item])).values(),
  ];
  return {
    ...now,
    begins: of(({ begins }) => begins),
    succeeds: of(({ succeeds }) => succeeds).filter((type) => !now.fails.includes(type)),
    fails: of(({ fails }) => fails).filter((type) => !now.succeeds.includes(type)),
    external: of(({ external }) => external),
    arrives: [...of(({ arrives }) => arrives), ...fromOutside(change)],
    pivots: of(({ pivots }) => pivots),
    undoOrder: unitedBy(({ undoOrder }) => undoOrder),
    oneOf: unitedBy(({ oneOf }) => oneOf),
    locks: unitedBy(({ locks }) => locks),
    events: new Map([...old.events, ...now.events]),
  };
}

/** An inbox that one version lacks does not know what that version has handled. */
function alike(old: ServiceEntry, now: ServiceEntry): readonly [ServiceEntry, ServiceEntry] {
  const inbox = old.inbox && now.inbox;
  return [
    { ...old, inbox },
    { ...now, inbox },
  ];
}

/** The version of a service that is not there before it is added, or after it is removed. */
function absent(name: string): ServiceEntry {
  return {
    name,
    begins: [],
    reactions: [],
    deadlines: [],
    alsoHears: new Map(),
    alsoEmits: new Map(),
    inbox: true,
    fence: true,
    mayPark: false,
    unlinked: false,
    retired: new Map(),
    suppress: new Map(),
  };
}
