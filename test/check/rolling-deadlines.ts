import type { ServiceEntry } from "../../src/manifest/manifest.ts";
import type { Report } from "./plain-rules.ts";
import {
  deadlineOf,
  deadlineParts,
  type Home,
  otherVersion,
  type Pair,
  reactionOf,
  reactionParts,
  running,
} from "./rolling-parts.ts";
import type { State } from "./rolling-state.ts";

/* Deadlines of a service that has two versions: which of them sees to one that was armed. */

export const OVER = "over";

export function isRetired({ retired }: ServiceEntry, part: string): boolean {
  return retired.has(part.replace(/\/\d+$/, ""));
}

/** Notes for the deadlines of the other version that an event has passed which calls them off. */
export function pass(state: State, home: Home, entry: ServiceEntry, type: string): void {
  const beside = otherVersion(home, entry);
  if (beside === undefined) return;
  for (const part of deadlineParts(beside)) {
    const deadline = deadlineOf(beside, part);
    if (deadline === undefined || deadline.after === type) continue;
    if (!deadline.unless.includes(type)) continue;
    if (deadlineOf(entry, part)?.unless.includes(type)) continue;
    state.passed[`${beside.name} ${part}`] = true;
  }
}

export function touch(
  state: State,
  home: Home,
  entry: ServiceEntry,
  part: string,
  type: string,
): void {
  const deadline = deadlineOf(entry, part);
  const key = `${home.name} ${part}`;
  if (deadline?.after === type) state.deadlines[key] ??= type;
  else if (deadline?.unless.includes(type)) state.deadlines[key] = OVER;
}

/** Deadlines that no process fires any more; without declared ends also joins. */
export function judgeStranded(
  state: State,
  homes: readonly Home[],
  pair: Pair,
  endless: boolean,
  report: Report,
): void {
  const home = homes.find(({ name }) => name === pair.service);
  const [entry] = home === undefined ? [] : running(pair, home, state.phase);
  const gone = home && entry && otherVersion(home, entry);
  if (home === undefined || entry === undefined || gone === undefined) return;
  for (const part of deadlineParts(gone)) {
    const armed = state.deadlines[`${home.name} ${part}`];
    const deadline = deadlineOf(gone, part);
    if (armed === undefined || armed !== deadline?.after) continue;
    if (deadlineOf(entry, part)?.after === armed || isRetired(entry, part)) continue;
    report("DEADLINE_GONE", home.name, deadline.emits);
  }
  if (!endless) return;
  for (const part of reactionParts(gone)) {
    const join = reactionOf(gone, part);
    if (join?.kind !== "join" || reactionParts(entry).includes(part)) continue;
    if (join.hears.some((type) => state.gathered[`${home.name} ${part} ${type}`]))
      report("REACTION_GONE", home.name, join.hears[0]);
  }
}
