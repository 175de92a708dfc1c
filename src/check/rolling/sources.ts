import {
  deadlineName,
  type Manifest,
  reactionName,
  type ServiceEntry,
} from "../../manifest/manifest.ts";
import type { Layout } from "../layout.ts";
import type { AgainSource, RollingModel, Stranded, TakeSource } from "../model.ts";
import { ARMED, type DeliverySource, type ModelReaction, type Post } from "../model.ts";
import type { Parts } from "./parts.ts";
import {
  BACK,
  BOTH,
  bits,
  lastPhase,
  NEW_ALONE,
  OLD_ALONE,
  phasesAhead,
  phasesOf,
  type Versions,
} from "./versions.ts";

/** One of the two versions, with what it was laid out as. */
interface Version {
  readonly service: ServiceEntry;
  readonly parts: Parts;
  readonly phases: number;
  readonly reactions: readonly ModelReaction[];
  readonly deliveries: readonly DeliverySource[];
}

/**
 * Adds the transitions that only a deployment has, and returns what the model of two versions has
 * besides. `posts` gets the events of which a version takes the message as a whole.
 */
export function addRolling(
  layout: Layout,
  versions: Versions,
  { services, succeeds, fails }: Manifest,
  posts: Map<string, readonly Post[]>,
): RollingModel {
  const endless = succeeds.length + fails.length === 0;
  const of = (name: string) => versionOf(layout, versions, services.get(name));
  const pairs = [
    [of(versions.old), of(versions.now)],
    [of(versions.now), of(versions.old)],
  ] as const;
  const phaseAt = layout.bytes.take({ kind: "phase" });
  addTakes(layout, pairs[0], posts);
  for (const [version, other] of pairs) {
    addCompletions(layout, version, other);
    addRetired(layout, version, other);
  }
  addMoves(layout, versions, pairs[0], phaseAt);
  const stranded = pairs.flatMap(([version, other]) =>
    strandedOf(layout, versions, version, other, endless),
  );
  const { service } = versions;
  return { service, phaseAt, ahead: phasesAhead(versions), stranded, endless };
}

function versionOf(
  { reactions, deliveries, shared }: Layout,
  versions: Versions,
  service: ServiceEntry | undefined,
): Version {
  const parts = service && shared.parts(service);
  if (service === undefined || parts === undefined)
    throw new Error("a deployment has two versions of its service");
  return {
    service,
    parts,
    phases: phasesOf(versions, service.name),
    reactions: reactions.filter((reaction) => reaction.service === service),
    deliveries: [...deliveries.values()]
      .flat()
      .filter(({ reaction, deadline }) => (reaction ?? deadline)?.service === service),
  };
}

/**
 * A process takes a message for all that its version has: where the two differ in what hears an
 * event, the message is taken first. What the version lacks does not see it, unless the message
 * comes again.
 */
function addTakes(
  { sources, bytes }: Layout,
  [old, now]: readonly [Version, Version],
  posts: Map<string, readonly Post[]>,
): void {
  for (const type of new Set(old.deliveries.flatMap(({ types }) => types))) {
    const heard = (version: Version) =>
      version.deliveries.filter(({ types }) => types.includes(type));
    const [byOld, byNow] = [heard(old), heard(now)];
    const places = (list: readonly DeliverySource[]) => new Set(list.map(({ at }) => at));
    if (byNow.length === 0 || same(places(byOld), places(byNow))) continue;
    const message = bytes.pending({ kind: "message", types: [type] });
    posts.set(type, [{ at: message, phases: old.phases | now.phases }]);
    for (const [version, other] of [
      [old, now],
      [now, old],
    ] as const) {
      const [own, others] = [heard(version), heard(other)];
      const again = others
        .filter(({ at }) => !places(own).has(at))
        .map((of): AgainSource => {
          const index = sources.length;
          const gone = lostBy(version, other, of, type);
          const at = bytes.pending({ kind: "again", types: [type] });
          const source: AgainSource = { kind: "again", index, at, phases: other.phases, of, gone };
          sources.push(source);
          return source;
        });
      const take: TakeSource = {
        kind: "take",
        index: sources.length,
        at: message,
        phases: version.phases,
        service: version.service,
        type,
        gives: [...places(own)],
        again: again.map(({ at }) => at),
      };
      sources.push(take);
    }
  }
}

/** Lists the reactions that have handled a message, and that `other` knows under no name. */
function lostBy(
  version: Version,
  other: Version,
  { reaction }: DeliverySource,
  type: string,
): readonly string[] {
  if (reaction === undefined || reaction.entry.kind === "undo") return [];
  // Of a part that both have, only the events are others.
  if (version.parts.reactionOf(other.parts.reactions[reaction.place] ?? "") !== undefined)
    return [];
  return version.reactions.flatMap(({ entry, place }) => {
    const part = version.parts.reactions[place] ?? "";
    if (entry.kind === "undo" || !entry.hears.includes(type)) return [];
    if (other.parts.reactionOf(part) !== undefined) return [];
    return other.service.retired.has(`reaction ${part}`) ? [] : [reactionName(entry)];
  });
}

/** A join that waits for less than the other version of it may be complete already. */
function addCompletions({ sources }: Layout, version: Version, other: Version): void {
  for (const reaction of version.reactions) {
    const { entry, place } = reaction;
    const before = other.parts.reactionOf(version.parts.reactions[place] ?? "");
    if (entry.kind !== "join" || before?.kind !== "join") continue;
    const awaits = ({ hears, optional }: typeof entry) =>
      hears.filter((type) => !optional.includes(type));
    if (awaits(before).every((type) => awaits(entry).includes(type))) continue;
    const { phases } = version;
    const of: DeliverySource = {
      kind: "delivery",
      index: -1,
      at: -1,
      phases,
      types: entry.hears.slice(0, 1),
      reaction,
      deadline: undefined,
      arms: false,
      part: -1,
      forgets: false,
      repeatAt: -1,
      notes: [],
    };
    const at = reaction.firedAt;
    sources.push({ kind: "completion", index: sources.length, at, phases, of });
  }
}

/** A version drops the armed deadlines that it has retired. */
function addRetired({ sources, shared }: Layout, version: Version, other: Version): void {
  const { parts, service, phases } = version;
  other.service.deadlines.forEach((entry, place) => {
    const part = other.parts.deadlines[place] ?? "";
    if (parts.deadlineOf(part) !== undefined || !isRetired(service, part)) return;
    const at = shared.known(`watch ${part}`) ?? -1;
    const deadline = { index: -1, service, entry, at, armedAs: ARMED, choices: [] };
    const index = sources.length;
    sources.push({ kind: "deadline", index, at, phases, deadline, seeks: [], retired: true });
  });
}

function isRetired({ retired }: ServiceEntry, deadline: string): boolean {
  return retired.has(`deadline ${deadline.replace(/^deadline /, "")}`);
}

function addMoves(
  { sources }: Layout,
  { rollback }: Versions,
  [old, now]: readonly [Version, Version],
  phaseAt: number,
): void {
  const move = (from: number, to: number, { service }: Version, does: "starts" | "stops") =>
    sources.push({
      kind: "move",
      index: sources.length,
      at: phaseAt,
      phases: bits(from),
      to,
      service,
      does,
    });
  move(OLD_ALONE, BOTH, now, "starts");
  move(BOTH, NEW_ALONE, old, "stops");
  if (rollback) move(BOTH, BACK, now, "stops");
}

/** Lists what `version` leaves behind when only `other` runs any more. */
function strandedOf(
  { shared }: Layout,
  versions: Versions,
  version: Version,
  other: Version,
  endless: boolean,
): readonly Stranded[] {
  const phases = bits(lastPhase(versions, other.service.name)) & ahead(versions);
  const { service } = versions;
  const armed = version.service.deadlines.flatMap((entry, place): readonly Stranded[] => {
    const part = version.parts.deadlines[place] ?? "";
    const after = other.parts.deadlineOf(part)?.after;
    if (after === entry.after || isRetired(other.service, part)) return [];
    const why =
      after === undefined
        ? "which has no deadline of this name"
        : `which arms it with ${after} and does not read ${entry.after}`;
    const name = deadlineName(entry);
    const message = `${name} is armed, and cannot fire in ${other.service.name}, ${why}`;
    const violation = { code: "DEADLINE_GONE", service, event: entry.emits, message } as const;
    const at = shared.known(`watch ${part}`) ?? -1;
    return [{ at, value: shared.armedAs(version.service, place), phases, violation }];
  });
  if (!endless) return armed;
  const gathered = version.reactions.flatMap(({ entry, place, gatherAt, parts }) => {
    const part = version.parts.reactions[place] ?? "";
    if (entry.kind !== "join" || other.parts.reactionOf(part) !== undefined) return [];
    if (other.service.retired.has(`reaction ${part}`)) return [];
    const message =
      `${reactionName(entry)} has gathered events, and never fires: ` +
      `${other.service.name} has no reaction of this name`;
    const violation = { code: "REACTION_GONE", service, event: entry.hears[0], message } as const;
    return Array.from(
      { length: parts },
      (_, index): Stranded => ({ at: gatherAt + index, value: undefined, phases, violation }),
    );
  });
  return [...armed, ...gathered];
}

function ahead(versions: Versions): number {
  return versions.rollback ? bits(NEW_ALONE, BACK) : bits(NEW_ALONE);
}

function same(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one));
}

/** Lists the counters of an event's deliveries, each with the phases in which it is heard. */
export function postsOf(deliveries: readonly DeliverySource[]): readonly Post[] {
  const posts = new Map<number, number>();
  for (const { at, phases } of deliveries) posts.set(at, (posts.get(at) ?? 0) | phases);
  return [...posts].map(([at, phases]) => ({ at, phases }));
}
