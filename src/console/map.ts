import type { MapLayout } from "../draw/layout.ts";
import type { Desk } from "./desk.ts";
import { isBack, type MapBox, type MapGraph, mapGraph } from "./map-graph.ts";
import { MapLayouts } from "./map-layout.ts";
import { presenceAt } from "./presence.ts";
import { parametersIn } from "./query.ts";
import { queryInvalid } from "./refusal.ts";
import { edgeLive, nodeLive, type TrafficNow } from "./traffic.ts";
import type { EdgeLive, MapQuery, MapReply, NodeLive } from "./wire.ts";

const SIZES = { service: { width: 132, height: 46 }, part: { width: 178, height: 34 } } as const;
/** Layouts that are kept. */
const KEPT_MAX = 64;

/** Reads which map is asked for. */
export function mapQueryIn(url: string): MapQuery {
  const { level, listeners, back, service } = parametersIn(url, [
    ...(["level", "service", "listeners", "back"] as const),
  ]);
  if (level !== undefined && level !== "services" && level !== "reactions")
    throw queryInvalid("level is services or reactions.");
  if (level === "reactions" && service === undefined)
    throw queryInvalid("level=reactions needs a service.");
  return {
    ...(level !== undefined && { level }),
    ...(service !== undefined && { service }),
    ...(isOn("listeners", listeners) && { listeners: "1" as const }),
    ...(isOn("back", back) && { back: "1" as const }),
  };
}

function isOn(name: string, value: string | undefined): boolean {
  if (value !== undefined && value !== "1" && value !== "0")
    throw queryInvalid(`${name} is 1 or 0.`);
  return value === "1";
}

interface LaidMap {
  readonly graph: MapGraph;
  readonly layout: Promise<MapLayout>;
}

/** Maps of one desk: each is laid out once for a choreography. */
export class Maps {
  readonly #desk: Desk;
  readonly #laid = new Map<string, LaidMap>();
  readonly #layouts = new MapLayouts();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async reply(query: MapQuery, findings: (edge: string) => readonly string[]): Promise<MapReply> {
    const { graph, layout } = this.#laidOut(query);
    const { width, height, boxes, arrows } = await layout;
    const now = this.#desk.traffic.read(Date.now());
    return {
      ...{ width, height },
      nodes: graph.boxes.map((box, at) => {
        const { id, kind, label, begins, folded } = box;
        const live = this.#nodeLive(box, now);
        const spot = boxes[at] ?? { x: 0, y: 0 };
        return { ...{ id, kind, label, begins, folded }, ...spot, ...sizeOf(kind), live };
      }),
      edges: graph.arrows.map((arrow, at) => {
        const { id, from, to, kind, types } = arrow;
        const { points = [], tip = { x: 0, y: 0 }, label } = arrows[at] ?? {};
        const live = edgeLive(arrow, now);
        const shown = { id, from, to, kind, types, points, tip, findings: findings(id) };
        return { ...shown, ...(label !== undefined && { label }), live };
      }),
    };
  }

  close(): Promise<void> {
    return this.#layouts.close();
  }

  /** What changes on a map, without its places. */
  live(query: MapQuery): {
    readonly nodes: Readonly<Record<string, NodeLive>>;
    readonly edges: Readonly<Record<string, EdgeLive>>;
  } {
    const { graph } = this.#laidOut(query);
    const now = this.#desk.traffic.read(Date.now());
    const entries = <T>(list: readonly (readonly [string, T | undefined])[]) =>
      Object.fromEntries(
        list.flatMap(([id, value]) => (value === undefined ? [] : [[id, value] as const])),
      );
    return {
      nodes: entries(graph.boxes.map((box) => [box.id, this.#nodeLive(box, now)])),
      edges: entries(graph.arrows.map((arrow) => [arrow.id, edgeLive(arrow, now)])),
    };
  }

  #nodeLive(box: MapBox, now: TrafficNow): NodeLive | undefined {
    const live = nodeLive(box, now);
    return live && { ...live, ...presenceAt(this.#desk, box, live) };
  }

  #laidOut(query: MapQuery): LaidMap {
    const { manifest, manifestKey } = this.#desk;
    const key = JSON.stringify([manifestKey, query]);
    const known = this.#laid.get(key);
    if (known !== undefined) return known;
    const graph = manifest === undefined ? EMPTY : mapGraph(manifest, query);
    const places = new Map(graph.boxes.map(({ id }, at) => [id, at]));
    const layout = this.#layouts.of({
      boxes: graph.boxes.map(({ kind }) => sizeOf(kind)),
      arrows: graph.arrows.map(({ from, to, kind }) => ({
        from: places.get(from) ?? 0,
        to: places.get(to) ?? 0,
        back: isBack(kind),
      })),
    });
    // Who waits for it is told; without anybody, the rejection is not unhandled.
    layout.catch(() => {});
    const laid = { graph, layout };
    const [oldest] = this.#laid.keys();
    if (this.#laid.size >= KEPT_MAX && oldest !== undefined) this.#laid.delete(oldest);
    this.#laid.set(key, laid);
    return laid;
  }
}

const EMPTY: MapGraph = { boxes: [], arrows: [] };

function sizeOf(kind: string) {
  return kind === "service" ? SIZES.service : SIZES.part;
}
