import { stemOf } from "../contract/grammar.ts";
import { BEGINNING } from "../contract/names.ts";
import { type Emitting, flowGraph, type Hearing } from "../manifest/graph.ts";
import { storedDeadline, storedReaction } from "../manifest/hazards.ts";
import {
  deadlineName,
  type Manifest,
  reactionName,
  type ServiceEntry,
  typesEmittedBy,
} from "../manifest/manifest.ts";
import { shortType } from "../text/short.ts";
import type { MapEdge, MapNode, MapQuery } from "./wire.ts";

/** A box of a map, before it has a place. */
export interface MapBox {
  readonly id: string;
  readonly kind: MapNode["kind"];
  readonly label: string;
  readonly begins: boolean;
  readonly folded: readonly string[];
  /** Whose deliveries come here; of a service, all of it. Undefined for what is outside. */
  readonly at: { readonly service: string; readonly reaction: string | undefined } | undefined;
}

/** An arrow of a map, before it has a place. */
export interface MapArrow {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: MapEdge["kind"];
  readonly types: readonly string[];
  /** Whose events these are, and where they go. Undefined if either is outside. */
  readonly way:
    | {
        readonly emitter: string;
        readonly service: string;
        readonly reaction: string | undefined;
        readonly stems: ReadonlySet<string>;
      }
    | undefined;
}

export interface MapGraph {
  readonly boxes: readonly MapBox[];
  readonly arrows: readonly MapArrow[];
}

/** One way of an event from a part that emits it to a part that hears it. */
interface Way {
  readonly type: string;
  readonly from: Emitting;
  readonly to: Hearing;
  readonly kind: MapEdge["kind"];
}

/** Builds the map that a query asks for, without places. */
export function mapGraph(manifest: Manifest, query: MapQuery): MapGraph {
  const all = eventWays(manifest);
  const ways = query.back === "1" ? all : all.filter(({ kind }) => !isBack(kind));
  const { service } = query;
  if (query.level === "reactions" && service !== undefined)
    return reactionMap(manifest, service, ways);
  const near = service === undefined ? undefined : neighbours(service, ways);
  const silent = (name: string) =>
    query.listeners !== "1" && name !== service && onlyListens(manifest.services.get(name));
  const shown = [...manifest.services.keys()].filter(
    (name) => (near?.has(name) ?? true) && !silent(name),
  );
  // Graphviz opens a circle at the box that it sees first: sagas begin on the left.
  const begins = (name: string) => (manifest.services.get(name)?.begins.length ?? 0) > 0;
  const boxes = shown
    .toSorted((a, b) => Number(begins(b)) - Number(begins(a)))
    .map(
      (name): MapBox => ({
        ...{ id: name, kind: "service", label: name, at: { service: name, reaction: undefined } },
        begins: begins(name),
        folded: foldedInto(name, all, silent),
      }),
    );
  const kept = ways.filter(
    ({ from, to }) =>
      from.service !== to.service &&
      shown.includes(from.service.name) &&
      shown.includes(to.service.name),
  );
  return { boxes, arrows: arrowsOf(kept, ({ service: one }) => one.name) };
}

export function isBack(kind: MapEdge["kind"]): boolean {
  return kind === "undo" || kind === "failure";
}

function eventWays(manifest: Manifest): readonly Way[] {
  const { emitters, hearers } = flowGraph(manifest);
  return [...emitters].flatMap(([type, list]) =>
    list.flatMap((from) =>
      (hearers.get(type) ?? [])
        .filter(({ reaction }) => reaction !== undefined)
        .map((to) => ({ type, from, to, kind: kindOf(from, to) })),
    ),
  );
}

function kindOf({ how, reaction: by }: Emitting, { reaction }: Hearing): MapEdge["kind"] {
  if (reaction?.kind === "undo" || by?.kind === "undo") return "undo";
  if (how === "deadline") return "deadline";
  return how === "begins" || how === "emits" ? "success" : "failure";
}

function onlyListens(service: ServiceEntry | undefined): boolean {
  return (
    service !== undefined &&
    service.begins.length + service.deadlines.length === 0 &&
    service.reactions.every((reaction) => typesEmittedBy(reaction).length === 0)
  );
}

function neighbours(name: string, ways: readonly Way[]): ReadonlySet<string> {
  return new Set([
    name,
    ...ways.flatMap(({ from, to }) =>
      from.service.name === name
        ? [to.service.name]
        : to.service.name === name
          ? [from.service.name]
          : [],
    ),
  ]);
}

function foldedInto(
  name: string,
  ways: readonly Way[],
  silent: (name: string) => boolean,
): readonly string[] {
  const heard = ways.filter(({ from }) => from.service.name === name);
  return [...new Set(heard.map(({ to }) => to.service.name).filter(silent))].sort();
}

function reactionMap(manifest: Manifest, name: string, ways: readonly Way[]): MapGraph {
  const service = manifest.services.get(name);
  if (service === undefined) return { boxes: [], arrows: [] };
  const partId = ({ service: one, reaction, deadline }: Hearing) => {
    if (one.name !== name) return one.name;
    if (reaction !== undefined) return `${name}/${storedReaction(reaction)}`;
    return deadline === undefined ? `${name}/` : `${name}/${storedDeadline(deadline)}`;
  };
  const touching = ways.filter(
    ({ from, to }) => from.service.name === name || to.service.name === name,
  );
  const others = [...neighbours(name, touching)].filter((one) => one !== name);
  const own = (id: string, kind: MapNode["kind"], label: string): MapBox => ({
    ...{ id: `${name}/${id}`, kind, label, begins: kind === "begin", folded: [] },
    at: { service: name, reaction: kind === "begin" ? BEGINNING : id },
  });
  const boxes: readonly MapBox[] = [
    ...(service.begins.length > 0
      ? [own("", "begin", service.begins.map(shortType).join(", "))]
      : []),
    ...service.reactions.map((one) =>
      own(storedReaction(one), one.kind, shortType(reactionName(one))),
    ),
    ...service.deadlines.map((one) =>
      own(storedDeadline(one), "deadline", shortType(deadlineName(one))),
    ),
    ...others.map(
      (one): MapBox => ({
        ...{ id: one, kind: "service", label: one, folded: [] },
        begins: (manifest.services.get(one)?.begins.length ?? 0) > 0,
        at: { service: one, reaction: undefined },
      }),
    ),
  ];
  return { boxes, arrows: arrowsOf(touching, partId) };
}

function arrowsOf(ways: readonly Way[], partId: (part: Hearing) => string): readonly MapArrow[] {
  const groups = Map.groupBy(ways, ({ from, to, kind }) =>
    [partId(from), partId(to), kind].join("~"),
  );
  return [...groups].flatMap(([id, list]) => {
    const [first] = list;
    if (first === undefined) return [];
    const to = partId(first.to);
    const types = [...new Set(list.map(({ type }) => type))];
    const reaction =
      to === first.to.service.name || first.to.reaction === undefined
        ? undefined
        : storedReaction(first.to.reaction);
    return {
      ...{ id, from: partId(first.from), to, kind: first.kind, types },
      way: {
        ...{ emitter: first.from.service.name, service: first.to.service.name, reaction },
        stems: new Set(types.map(stemOf)),
      },
    };
  });
}
