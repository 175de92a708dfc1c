import { oneEventPerLineage } from "../manifest/lineage.ts";
import type { ServiceHistory } from "../observe/summary.ts";
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
  const looked = await lookInto(desk, action, await firstParts(desk, sagas), signal);
  const services = new Set(chosen.map(({ service }) => service));
  return {
    ...{ action, deliveries: chosen.length, sagas: sagas.length, ...looked },
    ...unreadAmong(desk, services),
  };
}

type LookedParts = ReadonlyMap<string, readonly ServiceHistory[]>;

/** The histories of the first sagas of a choice: as many as are looked into. */
export async function firstParts(
  { observer }: Desk,
  sagas: readonly string[],
): Promise<LookedParts> {
  if (sagas.length === 0) return new Map();
  // Its verdicts are not asked for.
  const foresee = () => undefined;
  return (await observer.judge(sagas.slice(0, LOOKED_MAX), { foresee })).parts;
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

/** Those of some services that cannot be reached now. */
export function unreadAmong(
  { observer }: Desk,
  services: ReadonlySet<string>,
): Pick<PreviewReply, "unread"> {
  const away = observer.away.filter(({ service }) => services.has(service));
  return away.length === 0 ? {} : { unread: away.map(({ service }) => service) };
}
