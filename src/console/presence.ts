import type { SagaVerdict } from "../observer/verdict.ts";
import type { StoreCounts } from "../ports/inspection.ts";
import type { Desk } from "./desk.ts";
import type { MapBox } from "./map-graph.ts";
import type { NodeLive } from "./wire.ts";

/** Verdicts of sagas that need a process of the service for which they wait. */
const NEEDS_PROCESS: readonly SagaVerdict[] = ["running", "late", "retrying", "waiting"];

/** Says of the service of a box whether it is read, and runs. */
export function presenceAt(
  { observer }: Desk,
  { at }: MapBox,
  { waiting }: NodeLive,
): Pick<NodeLive, "unread" | "notRunning"> {
  const service = at?.service ?? "";
  const isAway = observer.away.some((one) => one.service === service);
  if (isAway || observer.unnamed.includes(service)) return { unread: true };
  const counts = observer.counts.get(service);
  return counts === undefined ? {} : notRunningOf(counts, waiting);
}

/** Whether a service without a process keeps sagas waiting; nothing of one that runs. */
export function notRunningOf(
  { processes, outbox, backlog }: StoreCounts,
  waiting: NodeLive["waiting"],
): Pick<NodeLive, "notRunning"> {
  if (processes !== 0) return {};
  const isAwaited =
    outbox + (backlog?.deliveries ?? 0) > 0 ||
    NEEDS_PROCESS.some((verdict) => (waiting[verdict] ?? 0) > 0);
  return { notRunning: isAwaited ? "awaited" : "idle" };
}
