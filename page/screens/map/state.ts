import type {
  EdgeLive,
  MapEdge,
  MapNode,
  NodeLive,
  VerdictCounts,
} from "../../../src/console/wire.ts";
import { live } from "../../net/live.ts";
import { numberText, rateText } from "../../text/number.ts";
import { spanText } from "../../text/time.ts";
import { type Tone, toneOf, VERDICTS } from "../../ui/tones.ts";
import { words } from "../../words/words.ts";

export function liveOfNode(node: MapNode): NodeLive | undefined {
  return live.value.nodes?.[node.id] ?? node.live;
}

export function liveOfEdge(edge: MapEdge): EdgeLive | undefined {
  return live.value.edges?.[edge.id] ?? edge.live;
}

/** The verdicts that a person should look at, the worst first, with how many sagas have each. */
export function troubles(counts: VerdictCounts | undefined) {
  return VERDICTS.flatMap((verdict) => {
    const count = counts?.[verdict] ?? 0;
    const tone = toneOf(verdict);
    return count > 0 && (tone === "bad" || tone === "wait") ? [{ verdict, count, tone }] : [];
  });
}

/** How a box or an arrow is coloured. */
export function toneAt(counts: VerdictCounts | undefined, perSecond: number): Tone | "moving" {
  return troubles(counts)[0]?.tone ?? (perSecond > 0 ? "moving" : "plain");
}

/** How the box of a service is coloured. */
export function nodeTone(state: NodeLive | undefined): Tone | "moving" {
  const tone = toneAt(state?.waiting, state?.unread ? 0 : (state?.perSecond ?? 0));
  return state?.notRunning === "awaited" && tone !== "bad" ? "wait" : tone;
}

function troubleText(counts: VerdictCounts | undefined): string | undefined {
  const [first] = troubles(counts);
  if (first === undefined) return undefined;
  const { map, verdicts } = words.value;
  return map.waiting(first.count, verdicts[first.verdict]);
}

/** What is said of a box, the longest first: as much of it is shown as there is room for. */
export function nodeTexts(node: MapNode): readonly string[] {
  const { map, services } = words.value;
  const state = liveOfNode(node);
  const [first] = troubles(state?.waiting);
  const trouble = troubleText(state?.waiting);
  if (state?.notRunning === "awaited" && first?.tone !== "bad") return [services.notRunning];
  if (trouble !== undefined) return [trouble, numberText(first?.count ?? 0)];
  if (state?.notRunning === "idle") return [services.notRunning];
  if (state?.unread) return [map.notRead];
  if (state !== undefined && state.perSecond > 0) return [map.perSecond(rateText(state.perSecond))];
  const { kind } = node;
  return [
    kind === "undo" || kind === "join" || kind === "deadline" ? services.kinds[kind] : map.idle,
  ];
}

/** What is said of an arrow, the longest first: as much of it is shown as there is room for. */
export function edgeTexts(edge: MapEdge): readonly string[] {
  const state = liveOfEdge(edge);
  const trouble = troubleText(state?.open);
  const [first] = troubles(state?.open);
  if (trouble !== undefined) return [trouble, numberText(first?.count ?? 0)];
  if (state === undefined || state.perSecond === 0) return [];
  const rate = words.value.map.perSecond(rateText(state.perSecond));
  return state.p50Ms === undefined ? [rate] : [`${rate} · ${spanText(state.p50Ms)}`, rate];
}

/** Which boxes a person looks for, by their names, the events of their arrows, and their listeners. */
export function found(
  text: string,
  nodes: readonly MapNode[],
  edges: readonly MapEdge[],
): ReadonlySet<string> {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return new Set();
  const has = (name: string) => name.toLowerCase().includes(wanted);
  return new Set([
    ...nodes.filter(({ label, folded }) => has(label) || folded.some(has)).map(({ id }) => id),
    ...edges.filter(({ types }) => types.some(has)).flatMap(({ from, to }) => [from, to]),
  ]);
}
