import fc from "fast-check";
import type {
  DeadlineEntry,
  Manifest,
  ReactionEntry,
  ServiceEntry,
} from "../../src/manifest/manifest.ts";
import { randomManifest } from "./random.ts";
import { deadlineParts, reactionParts } from "./rolling-parts.ts";

/* Random choreographies, and the same after one of their services was changed. */

export interface RandomPair {
  readonly old: Manifest;
  readonly now: Manifest;
  readonly service: string;
  readonly rollback: boolean;
}

/** One edit of a service. `pick` chooses the part, `other` is where new parts come from. */
type Mutation = (entry: ServiceEntry, pick: number, other: ServiceEntry) => ServiceEntry;

function at<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

function onReaction(
  change: (entry: ReactionEntry, stored: string, pick: number) => Partial<ReactionEntry>,
): Mutation {
  return (entry, pick) => {
    const place = pick % Math.max(1, entry.reactions.length);
    const stored = reactionParts(entry)[place]?.replace(/\/\d+$/, "") ?? "";
    return {
      ...entry,
      reactions: entry.reactions.map((one, index) =>
        index === place ? { ...one, ...change(one, stored, pick) } : one,
      ),
    };
  };
}

function onDeadline(
  change: (entry: DeadlineEntry, pick: number) => Partial<DeadlineEntry>,
): Mutation {
  return (entry, pick) => ({
    ...entry,
    deadlines: entry.deadlines.map((one) => ({ ...one, ...change(one, pick) })),
  });
}

const types = ["a.e0.v1", "b.e1.v1", "c.e2.v1", "d.e3.v1", "a.e4.v1", "b.e5.v1", "c.e6.v1"];

/** The next version of an event, wherever a service speaks of it. */
const nextVersion: Mutation = (entry, pick) => {
  const emitted = entry.reactions.flatMap(({ emits }) => emits.flat());
  const old = at(emitted, pick);
  if (old === undefined) return entry;
  const one = (type: string) => (type === old ? old.replace(/v1$/, "v2") : type);
  return {
    ...entry,
    reactions: entry.reactions.map((reaction) => ({
      ...reaction,
      emits: reaction.emits.map((outcome) => outcome.map(one)),
    })),
  };
};

const MUTATIONS: readonly Mutation[] = [
  onReaction(() => ({ name: "renamed", was: [] })),
  onReaction((_, stored) => ({ name: "renamed", was: [stored] })),
  onReaction(({ kind }) => (kind === "undo" ? {} : { effect: "effect", effectWas: [] })),
  (entry, pick) => {
    const one = at(
      entry.reactions.filter(({ kind, readonly }) => kind !== "undo" && !readonly),
      pick,
    );
    const effect = one?.emits.flat()[0]?.replace(/\.v\d+$/, "");
    if (one === undefined || effect === undefined || one.emits.length > 1) return entry;
    const renamed = { effect: "effect", effectWas: [effect] };
    return {
      ...entry,
      reactions: entry.reactions.map((reaction) => {
        if (reaction === one) return { ...reaction, ...renamed };
        return reaction.undoes === effect
          ? { ...reaction, name: `undo ${effect}`, undoes: "effect" }
          : reaction;
      }),
    };
  },
  nextVersion,
  (entry, _, other) => ({ ...entry, reactions: [...entry.reactions, ...other.reactions] }),
  (entry, pick) => ({
    ...entry,
    reactions: entry.reactions.filter((_, place) => place !== pick % entry.reactions.length),
  }),
  (entry, _, other) => ({ ...entry, reactions: other.reactions }),
  onReaction(({ hears }, _, pick) => {
    const more = at(types, pick) ?? "";
    return hears.includes(more) ? {} : { hears: [...hears, more] };
  }),
  onReaction(({ hears, kind }, _, pick) => {
    const fewer = hears.filter((_, place) => place !== pick % hears.length);
    return fewer.length < (kind === "join" ? 2 : 1) ? {} : { hears: fewer };
  }),
  onReaction(({ hears, kind }, stored, pick) => {
    const more = at(types, pick) ?? "";
    if (kind !== "join" || hears.includes(more)) return {};
    return { name: stored, hears: [...hears, more], optional: pick % 2 === 0 ? [more] : [] };
  }),
  onReaction(({ hears, kind }, stored, pick) => {
    const fewer = hears.filter((_, place) => place !== pick % hears.length);
    return kind !== "join" || fewer.length < 2 ? {} : { name: stored, hears: fewer };
  }),
  onReaction(({ once }) => (once === undefined ? { once: "z" } : { once: "z", onceWas: [] })),
  onReaction(({ once }) => (once === undefined ? {} : { once: "z", onceWas: [once] })),
  onReaction(({ once }) => (once === undefined ? {} : { once: undefined })),
  onReaction(({ kind, readonly }) => (kind === "undo" ? {} : { readonly: !readonly })),
  onReaction(({ onEmpty, kind }) =>
    kind === "undo" ? { onEmpty: onEmpty === "ack" ? "silent" : "ack" } : {},
  ),
  onReaction(({ max }) => ({ max: max === undefined ? 1 : undefined })),
  (entry, pick) => ({
    ...entry,
    deadlines: [],
    retired:
      pick % 2 === 0
        ? new Map()
        : new Map(deadlineParts(entry).map((part) => [part.replace(/\/\d+$/, ""), "tested"])),
  }),
  (entry, pick, other) => ({
    ...entry,
    deadlines: [
      ...entry.deadlines,
      ...(other.deadlines.length > 0 ? other.deadlines : [newDeadline(pick)]),
    ],
  }),
  onDeadline((_, pick) => ({ unless: [at(types, pick) ?? ""] })),
  onDeadline(({ unless }, pick) => {
    const after = at(types, pick) ?? "";
    return unless.includes(after) ? {} : { after };
  }),
  onReaction(({ keyed, kind }) => (kind === "join" ? {} : { keyed: keyed === false })),
  (entry) => ({
    ...entry,
    reactions: entry.reactions.map((one) =>
      one.kind === "join" ? one : { ...one, keyed: one.keyed === false },
    ),
  }),
  (entry) => ({ ...entry, mayPark: !entry.mayPark }),
];

function newDeadline(pick: number): DeadlineEntry {
  return {
    name: undefined,
    was: [],
    after: at(types, pick) ?? "",
    unless: [],
    withinMs: 1_000,
    emits: "d.e7.v1",
    onParked: undefined,
    suppress: new Map(),
  };
}

/** One service of a random choreography is changed once or twice. */
export function randomPair(): fc.Arbitrary<RandomPair> {
  return fc
    .record({
      old: randomManifest(0),
      other: randomManifest(0),
      service: fc.constantFrom("a", "b", "c", "d"),
      silent: fc.constantFrom("a", "b", "c", "d", ""),
      rollback: fc.boolean(),
      edits: fc.array(
        fc.record({ mutation: fc.constantFrom(...MUTATIONS), pick: fc.nat({ max: 7 }) }),
        { minLength: 1, maxLength: 2 },
      ),
      deadlines: fc.nat({ max: 3 }),
    })
    .map(({ old, other, service, silent, rollback, edits, deadlines }) => {
      const before = entryOf(old, service);
      const whole = smaller(old, service, silent);
      // Deadlines are rare in random choreographies, and deployments have many rules about them.
      const was: ServiceEntry =
        deadlines === 0 && before.deadlines.length === 0
          ? { ...before, deadlines: [newDeadline(service.charCodeAt(0) - 97)] }
          : before;
      const is = edits.reduce(
        (entry, { mutation, pick }) => mutation(entry, pick, entryOf(other, service)),
        was,
      );
      return {
        old: { ...whole, services: new Map([...whole.services, [service, was]]) },
        now: { ...whole, services: new Map([...whole.services, [service, is]]) },
        service,
        rollback,
      };
    });
}

/** The other services are only there to drive the one that is deployed. */
function smaller(manifest: Manifest, service: string, silent: string): Manifest {
  const services = [...manifest.services].map(([name, entry]): [string, ServiceEntry] => {
    if (name === service) return [name, entry];
    const reactions = entry.reactions.slice(0, name === silent ? 0 : 1).map(
      (reaction): ReactionEntry => ({
        ...reaction,
        keyed: false,
        emits: reaction.emits.slice(0, 1),
      }),
    );
    const deadlines = name === silent ? [] : entry.deadlines;
    return [name, { ...entry, reactions, deadlines, inbox: true, fence: true, mayPark: false }];
  });
  const begins = manifest.begins.slice(0, 1);
  const arrives = silent === service ? manifest.arrives : [];
  return { ...manifest, begins, arrives, services: new Map(services) };
}

function entryOf({ services }: Manifest, name: string): ServiceEntry {
  const entry = services.get(name);
  if (entry === undefined) throw new Error(`no service ${name}`);
  return entry;
}
