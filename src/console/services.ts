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
const VERSIONS_MAX = 50;
/** An older version of which rows are as new as this is still running. */
const RECENT_MS = 60_000;

/** What each service has, does and declares. */
export async function services(desk: Desk): Promise<ServicesReply> {
  const now = desk.traffic.read(Date.now());
  const rows = await Promise.all(desk.observer.abouts.map((one) => serviceRow(desk, one, now)));
  return { services: rows };
}

async function serviceRow(desk: Desk, about: SourceAbout, now: TrafficNow): Promise<ServiceRow> {
  const { service } = about;
  const entry = desk.manifest?.services.get(service);
  const away = desk.observer.away.find((one) => one.service === service);
  const base = {
    name: service,
    ...(away !== undefined && { problem: away.code, unreadSince: away.since }),
    versions: shownVersions(desk, about),
    reactions: entry === undefined ? [] : reactionsOf(entry, now),
  };
  try {
    const counts = await desk.observer.sourceOf(service)?.inspect.counts();
    if (counts === undefined) return base;
    const { processes, outbox, outboxOldestMs, deferred, backlog, busFault } = counts;
    const waiting = waitingAt(service, now);
    const clockAheadMs = desk.observer.clocks.far.get(service);
    const versions = base.versions.map((one) => ({
      ...one,
      running: one.running && processes > 0,
    }));
    return {
      ...{ ...base, versions, processes, outbox, outboxOldestMs, deferred },
      ...notRunningOf(counts, waiting),
      ...(busFault !== undefined && { busLost: busFault.code }),
      ...(backlog !== undefined && { backlog: backlog.deliveries }),
      ...(clockAheadMs !== undefined && { clockAheadMs }),
    };
  } catch (error) {
    return { ...base, problem: codeOf(error) };
  }
}

/**
 * A process declares its version when it starts, and names it in each row. One that has written
 * since another was declared last runs beside it.
 */
function shownVersions(
  { observer: { writers } }: Desk,
  { service, declarations }: SourceAbout,
): readonly ServiceVersion[] {
  const [newest] = declarations;
  const since = Math.max(newest?.lastAt ?? 0, Date.now() - RECENT_MS);
  return declarations.slice(0, VERSIONS_MAX).map((one) => {
    const wroteAt = writers.wroteAt(service, one.fingerprint) ?? 0;
    return {
      fingerprint: one.fingerprint.slice(0, FINGERPRINT_SHOWN),
      first: one.firstAt,
      last: Math.max(one.lastAt, wroteAt),
      running: one === newest || wroteAt > since,
    };
  });
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
