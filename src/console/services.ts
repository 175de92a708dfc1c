import { codeOf } from "../contract/errors.ts";
import { storedDeadline, storedReaction } from "../manifest/hazards.ts";
import type { ServiceEntry } from "../manifest/manifest.ts";
import { mergeHistograms, percentile } from "../observer/histogram.ts";
import type { SourceAbout } from "../ports/source.ts";
import type { Desk } from "./desk.ts";
import { notRunningOf } from "./presence.ts";
import { type TrafficNow, trafficOf, waitingAt } from "./traffic.ts";
import type { ReactionRow, ServiceRow, ServicesReply, ServiceVersion } from "./wire.ts";

const FINGERPRINT_SHOWN = 12;
/** A version that declared itself in this time may be running. */
const RECENT_MS = 600_000;

/** What each service has, does and declares. */
export async function services(desk: Desk): Promise<ServicesReply> {
  const now = desk.traffic.read(Date.now());
  const rows = await Promise.all(desk.observer.abouts.map((one) => serviceRow(desk, one, now)));
  return { services: rows };
}

async function serviceRow(desk: Desk, about: SourceAbout, now: TrafficNow): Promise<ServiceRow> {
  const { service, declarations } = about;
  const entry = desk.manifest?.services.get(service);
  const away = desk.observer.away.find((one) => one.service === service);
  const base = {
    name: service,
    ...(away !== undefined && { problem: away.code, unreadSince: away.since }),
    versions: declarations.slice(0, 50).map(versionOf),
    reactions: entry === undefined ? [] : reactionsOf(entry, now),
  };
  try {
    const counts = await desk.observer.sourceOf(service)?.inspect.counts();
    if (counts === undefined) return base;
    const { processes, outbox, outboxOldestMs, deferred, backlog, busFault } = counts;
    const waiting = waitingAt(service, now);
    const clockAheadMs = desk.observer.clocks.far.get(service);
    return {
      ...{ ...base, processes, outbox, outboxOldestMs, deferred },
      ...notRunningOf(counts, waiting),
      ...(busFault !== undefined && { busLost: busFault.code }),
      ...(backlog !== undefined && { backlog: backlog.deliveries }),
      ...(clockAheadMs !== undefined && { clockAheadMs }),
    };
  } catch (error) {
    return { ...base, problem: codeOf(error) };
  }
}

function versionOf(
  { fingerprint, firstAt, lastAt }: SourceAbout["declarations"][number],
  at: number,
): ServiceVersion {
  return {
    fingerprint: fingerprint.slice(0, FINGERPRINT_SHOWN),
    first: firstAt,
    last: lastAt,
    running: at === 0 || Date.now() - lastAt < RECENT_MS,
  };
}

function reactionsOf(entry: ServiceEntry, now: TrafficNow): readonly ReactionRow[] {
  return [
    ...entry.reactions.map((one) => ({
      ...{ name: storedReaction(one), kind: one.kind, hears: one.hears },
    })),
    ...entry.deadlines.map((one) => ({
      ...{ name: storedDeadline(one), kind: "deadline" as const, hears: [one.after] },
    })),
  ].map((row) => {
    const own = now.edges.filter((e) => e.service === entry.name && e.reaction === row.name);
    const run = mergeHistograms(own.map((one) => one.run));
    const handlerP50Ms = percentile(run, 0.5);
    const handlerP99Ms = percentile(run, 0.99);
    return {
      ...row,
      ...trafficOf(own),
      ...(handlerP50Ms !== undefined && { handlerP50Ms }),
      ...(handlerP99Ms !== undefined && { handlerP99Ms }),
      handled: own.reduce((sum, { handled }) => sum + handled, 0),
      failed: own.reduce((sum, { failed }) => sum + failed, 0),
    };
  });
}
