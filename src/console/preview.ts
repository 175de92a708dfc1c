import { oneEventPerLineage } from "../manifest/lineage.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { Judged } from "../observer/saga-rows.ts";
import { chosenIn } from "./chosen.ts";
import type { Desk } from "./desk.ts";
import { fieldsIn } from "./fields.ts";
import { queryInvalid } from "./refusal.ts";
import { FollowTally, type Looked } from "./tally.ts";
import type { PreviewReply } from "./wire.ts";

/** Sagas that are looked into. */
const LOOKED_MAX = 200;
/** For all of them together. */
const MILLISECONDS_MAX = 2_000;
const EACH = { statesMax: 2_000, millisecondsMax: 50 };

/** Says what an action would do to the sagas of the chosen deliveries. Changes nothing. */
export async function preview(
  desk: Desk,
  body: unknown,
  signal: AbortSignal,
): Promise<PreviewReply> {
  const fields = fieldsIn(body, ["action", "ids", "filter"]);
  const { action } = fields;
  if (action !== "retry" && action !== "discard") throw queryInvalid("action is retry or discard.");
  const chosen = chosenIn(desk, fields);
  const sagas = [...new Set(chosen.map(({ sagaId }) => sagaId))].filter((id) => id !== "");
  const { parts } = await firstOf(desk, sagas);
  const services = new Set(chosen.map(({ service }) => service));
  const away = desk.observer.away.filter(({ service }) => services.has(service));
  return {
    ...{ action, deliveries: chosen.length, sagas: sagas.length },
    ...(await lookInto(desk, action, parts, signal)),
    ...unreadIn(away.map(({ service }) => service)),
    ...(action === "retry" && asleepAmong(desk, services)),
  };
}

type LookedParts = ReadonlyMap<string, readonly ServiceHistory[]>;

/** The first sagas of a choice, as many as are looked into. */
interface First {
  readonly ids: readonly string[];
  /** Those of them of which something can be read. */
  readonly judged: readonly Judged[];
  readonly parts: LookedParts;
}

export async function firstOf({ observer }: Desk, sagas: readonly string[]): Promise<First> {
  const ids = sagas.slice(0, LOOKED_MAX);
  if (ids.length === 0) return { ids, judged: [], parts: new Map() };
  // Its verdicts are not asked for.
  const foresee = () => undefined;
  return { ids, ...(await observer.judge(ids, { foresee })) };
}

/** Counts what would follow from an action, for as many sagas as there is time for. */
export async function lookInto(
  desk: Desk,
  action: PreviewReply["action"],
  parts: LookedParts,
  signal: AbortSignal,
): Promise<Looked> {
  const tally = new FollowTally();
  const { manifest } = desk;
  if (manifest === undefined) return tally.result();
  const { succeeds } = oneEventPerLineage(manifest);
  const until = performance.now() + MILLISECONDS_MAX;
  for (const own of parts.values()) {
    if (performance.now() > until) break;
    const { outlook } = await desk.foresee(own, { signal, limits: EACH });
    if (outlook !== undefined) tally.add(action, own, outlook, succeeds);
  }
  return tally.result();
}

/** Those of some services that no process runs. */
export function asleepAmong(
  { observer }: Desk,
  services: ReadonlySet<string>,
): Pick<PreviewReply, "notRunning"> {
  const notRunning = [...services].filter((one) => observer.counts.get(one)?.processes === 0);
  return notRunning.length === 0 ? {} : { notRunning };
}

/** Services that cannot be reached now, if there are some. */
export function unreadIn(services: readonly string[]): Pick<PreviewReply, "unread"> {
  return services.length === 0 ? {} : { unread: services };
}
