import { Examples } from "../asyncapi/example.ts";
import { type FlowGraph, flowGraph, type Hearing } from "../manifest/graph.ts";
import { storedReaction } from "../manifest/hazards.ts";
import { type Manifest, typesEmittedBy } from "../manifest/manifest.ts";
import type { Desk } from "./desk.ts";
import { ConsoleRefusal } from "./refusal.ts";
import type { EventHearer, EventReply, EventRow, EventsReply } from "./wire.ts";

const LISTS = ["begins", "succeeds", "fails", "external", "arrives"] as const;
const SCHEMA_MAX = 262_144;

export function eventsReply({ manifest }: Desk): EventsReply {
  if (manifest === undefined) return { events: [] };
  const graph = flowGraph(manifest);
  return { events: graph.types.map((type) => rowOf(manifest, graph, type)) };
}

export function eventReply({ manifest }: Desk, type: string): EventReply {
  const graph = manifest && flowGraph(manifest);
  if (manifest === undefined || graph === undefined || !graph.types.includes(type))
    throw new ConsoleRefusal(404, "ADDRESS_UNKNOWN", "The choreography has no event of this type.");
  const { summary, schema, sensitive = [] } = manifest.events.get(type) ?? {};
  const text = schema === undefined ? undefined : JSON.stringify(schema, undefined, 2);
  const example = schema === undefined ? undefined : new Examples().of(schema);
  const role = roleOf(manifest, type);
  return {
    ...{ type, sensitive },
    ...(summary !== undefined && { summary }),
    ...(role !== undefined && { role }),
    ...(text !== undefined && text.length <= SCHEMA_MAX && { schema: text }),
    ...(example !== undefined && { example: JSON.stringify(example, undefined, 2) }),
    emitters: (graph.emitters.get(type) ?? []).map(({ service, reaction, how }) => ({
      ...{ service: service.name, how },
      ...(reaction !== undefined && { reaction: storedReaction(reaction) }),
    })),
    hearers: (graph.hearers.get(type) ?? [])
      .filter(({ reaction }) => reaction !== undefined)
      .map((part) => eventHearer(manifest, type, part)),
  };
}

function rowOf(manifest: Manifest, graph: FlowGraph, type: string): EventRow {
  const summary = manifest.events.get(type)?.summary;
  const role = roleOf(manifest, type);
  const names = (parts: readonly Hearing[] = []) => [
    ...new Set(parts.map(({ service }) => service.name)),
  ];
  return {
    type,
    ...(summary !== undefined && { summary }),
    emitters: names(graph.emitters.get(type)),
    hearers: names(graph.hearers.get(type)),
    ...(role !== undefined && { role }),
  };
}

function roleOf(manifest: Manifest, type: string): EventRow["role"] {
  return LISTS.find((list) => manifest[list].includes(type));
}

function eventHearer(
  manifest: Manifest,
  type: string,
  { service, reaction }: Hearing,
): EventHearer {
  const view = manifest.views.get(service.name)?.get(type);
  const properties = typeof view === "object" ? view.properties : undefined;
  const reads =
    typeof properties === "object" && properties !== null ? Object.keys(properties) : undefined;
  return {
    ...{ service: service.name, how: "hears" },
    ...(reaction !== undefined && { reaction: storedReaction(reaction) }),
    ...(reads !== undefined && { reads }),
    emits: reaction === undefined ? [] : typesEmittedBy(reaction),
  };
}
