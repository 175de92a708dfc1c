import { type FlowGraph, flowGraph } from "../manifest/graph.ts";
import {
  deadlineName,
  type JsonSchema,
  type Manifest,
  reactionName,
  type ServiceEntry,
} from "../manifest/manifest.ts";
import { mismatchText, schemaMismatches } from "../manifest/subschema.ts";
import { deadlineDocument, reactionDocument, sorted } from "../manifest/write.ts";
import type { Change, Concerned, Difference } from "./change.ts";
import { inFlightChanges } from "./in-flight.ts";

/**
 * Compares two versions of a choreography. Reports the changes, and the consumers that each breaks,
 * as far as the two manifests name them.
 */
export function diffManifests(before: Manifest, after: Manifest): Difference {
  const [old, now] = [flowGraph(before), flowGraph(after)];
  const changes = [
    ...eventChanges(before, after, old, now),
    ...serviceChanges(before, after),
    ...inFlightChanges(before, after),
    ...endChanges(before, after),
  ];
  return { compatible: changes.every(({ breaking }) => !breaking), changes };
}

function eventChanges(
  before: Manifest,
  after: Manifest,
  old: FlowGraph,
  now: FlowGraph,
): readonly Change[] {
  const types = [...new Set([...old.types, ...now.types])].sort();
  return types.flatMap((event): readonly Change[] => {
    const consumers = consumersOf(event, before, after, old, now);
    const [was, is] = [isThere(before, old, event), isThere(after, now, event)];
    if (!was && !is) return [];
    if (!was) return [change("event added", { event }, `${event} is new`, [])];
    if (!is) {
      const newer = newerVersion(now, event);
      const instead = newer === undefined ? "" : `; ${newer} replaces it`;
      const broken = consumers.map((service) => ({ service, reasons: [`still hears ${event}`] }));
      return [
        change("event removed", { event }, `${event} is no longer emitted${instead}`, broken),
      ];
    }
    return schemaChange(event, before, after, consumers);
  });
}

/** Tells whether an event is emitted, or comes from outside. */
function isThere(
  { begins, arrives, external }: Manifest,
  { emitters }: FlowGraph,
  event: string,
): boolean {
  return emitters.has(event) || [...begins, ...arrives, ...external].includes(event);
}

/**
 * Returns the services that hear an event in the new manifest, and those that heard it in the old
 * one and are absent from the new one.
 */
function consumersOf(
  event: string,
  before: Manifest,
  after: Manifest,
  old: FlowGraph,
  now: FlowGraph,
): readonly string[] {
  const names = (graph: FlowGraph) =>
    (graph.hearers.get(event) ?? []).map(({ service }) => service.name);
  const absent = names(old).filter(
    (service) => !after.services.has(service) && before.services.has(service),
  );
  return [...new Set([...names(now), ...absent])];
}

function newerVersion({ emitters }: FlowGraph, event: string): string | undefined {
  const stem = event.replace(/\.v\d+$/, "");
  const version = versionOf(event);
  return [...emitters.keys()].find(
    (type) => type.replace(/\.v\d+$/, "") === stem && versionOf(type) > version,
  );
}

function versionOf(type: string): number {
  return Number(/\.v(\d+)$/.exec(type)?.[1] ?? 0);
}

function schemaChange(
  event: string,
  before: Manifest,
  after: Manifest,
  consumers: readonly string[],
): readonly Change[] {
  const was = before.events.get(event)?.schema;
  const is = after.events.get(event)?.schema;
  if (was === undefined || JSON.stringify(sorted(was)) === JSON.stringify(sorted(is))) return [];
  if (is === undefined)
    return [change("schema changed", { event }, `${event} no longer has a schema`, [])];
  const broken = consumers.flatMap((service) => {
    const reasons = schemaMismatches(is, expectationOf(service, event, before, after) ?? was).map(
      mismatchText,
    );
    return reasons.length === 0 ? [] : [{ service, reasons }];
  });
  const loosened = schemaMismatches(is, was).map(mismatchText);
  const what = loosened.length === 0 ? "it still fits the old schema" : loosened.join("; ");
  return [
    change("schema changed", { event }, `the payload of ${event} has changed: ${what}`, broken),
  ];
}

/** Returns the schema that a consumer declares for an event; undefined if it declares none. */
function expectationOf(
  service: string,
  event: string,
  before: Manifest,
  after: Manifest,
): JsonSchema | undefined {
  return after.views.get(service)?.get(event) ?? before.views.get(service)?.get(event);
}

function serviceChanges(before: Manifest, after: Manifest): readonly Change[] {
  const names = [...new Set([...before.services.keys(), ...after.services.keys()])].sort();
  return names.flatMap((service): readonly Change[] => {
    const [was, is] = [before.services.get(service), after.services.get(service)];
    if (was === undefined)
      return [change("service added", { service }, `the service ${service} is new`, [])];
    if (is === undefined)
      return [change("service removed", { service }, `the service ${service} is removed`, [])];
    const [old, now] = [partsByName(was), partsByName(is)];
    const added = [...now.keys()].filter((name) => !old.has(name));
    const removed = [...old.keys()].filter((name) => !now.has(name));
    const changed = [...now]
      .filter(([name, text]) => old.has(name) && old.get(name) !== text)
      .map(([name]) => name);
    const said = [
      added.length === 0 ? [] : `new: ${added.join(", ")}`,
      removed.length === 0 ? [] : `removed: ${removed.join(", ")}`,
      changed.length === 0 ? [] : `changed: ${changed.join(", ")}`,
    ].flat();
    return said.length === 0
      ? []
      : [
          change(
            "reactions changed",
            { service },
            `reactions of ${service}: ${said.join("; ")}`,
            [],
          ),
        ];
  });
}

function partsByName({ begins, reactions, deadlines }: ServiceEntry): ReadonlyMap<string, string> {
  return new Map([
    ...begins.map((type) => [`begins ${type}`, ""] as const),
    ...reactions.map(
      (reaction) =>
        [reactionName(reaction), JSON.stringify(sorted(reactionDocument(reaction)))] as const,
    ),
    ...deadlines.map(
      (deadline) =>
        [deadlineName(deadline), JSON.stringify(sorted(deadlineDocument(deadline)))] as const,
    ),
  ]);
}

function endChanges(before: Manifest, after: Manifest): readonly Change[] {
  return (["begins", "succeeds", "fails", "pivots"] as const).flatMap((list) => {
    const [was, is] = [[...before[list]].sort().join(", "), [...after[list]].sort().join(", ")];
    return was === is
      ? []
      : [
          change(
            "ends changed",
            {},
            `${list} was ${was || "empty"}, and is now ${is || "empty"}`,
            [],
          ),
        ];
  });
}

function change(
  kind: Change["kind"],
  about: Pick<Change, "event" | "service">,
  message: string,
  consumers: readonly Concerned[],
): Change {
  const breaking = consumers.length > 0;
  return {
    code: breaking ? "UNVERSIONED_CHANGE" : "COMPATIBLE_CHANGE",
    breaking,
    kind,
    ...about,
    message,
    consumers,
  };
}
