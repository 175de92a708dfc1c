import type { DeadlineEntry, Manifest, ReactionEntry, ServiceEntry } from "../manifest/manifest.ts";
import { deadlineName, SILENT } from "../manifest/manifest.ts";
import { compile } from "./compile.ts";
import { type ExploreOptions, explore } from "./explore.ts";
import type { Finding } from "./finding.ts";
import { REDUCED } from "./reductions.ts";
import { counterexampleTrace } from "./trace.ts";

/** No name of a manifest contains this character. */
const OWN = "\u0000";

interface Watch {
  readonly name: string;
  readonly service: ServiceEntry;
  readonly deadline: DeadlineEntry;
}

/**
 * Finds deadlines that are still armed when a saga has ended. They fire for a saga that is over.
 *
 * Explores the choreography in which no deadline fires in time. A service of its own stands for
 * each deadline: its effect is the armed deadline, and a lock that no end may leave acquired.
 */
export function outlivingDeadlines(
  manifest: Manifest,
  options: ExploreOptions,
): readonly Finding[] {
  const watches = [...manifest.services.values()].flatMap((service) =>
    service.deadlines.map((deadline, index): Watch => {
      return { name: `${OWN}${service.name} ${index}`, service, deadline };
    }),
  );
  if (watches.length === 0 || manifest.succeeds.length + manifest.fails.length === 0) return [];
  const model = compile(watched(manifest, watches), { reductions: REDUCED });
  const ends = new Set([...manifest.succeeds, ...manifest.fails]);
  return explore(model, options).counterexamples.flatMap(({ violation, beginning, steps }) => {
    const watch = watches.find(({ name }) => violation.detail === name);
    const first = model.beginnings[beginning];
    if (violation.code !== "LOCK_LEAK" || watch === undefined || first === undefined) return [];
    const emitted = counterexampleTrace(first, steps).flatMap(({ emits }) => emits);
    return [outliving(watch, emitted.find((type) => ends.has(type)) ?? "")];
  });
}

function outliving({ service, deadline }: Watch, end: string): Finding {
  return {
    code: "DEADLINE_OUTLIVES_END",
    severity: "warning",
    message:
      `the deadline of ${service.name} after ${deadline.after} stays armed when ${end} has ended ` +
      `the saga, and then emits ${deadline.emits}`,
    hint: `Add ${end} to its unless, or an event that comes before it.`,
    at: { service: service.name, event: deadline.emits, reaction: deadlineName(deadline) },
  };
}

function watched(manifest: Manifest, watches: readonly Watch[]): Manifest {
  const idle = [...manifest.services].map(
    ([name, service]) => [name, { ...service, deadlines: [] }] as const,
  );
  const services = new Map([
    ...idle,
    ...watches.map((watch) => [watch.name, watcher(watch)] as const),
  ]);
  const locks = watches.map(({ name }) => ({
    name,
    acquire: armedBy(name),
    release: [calledOffBy(name)],
  }));
  return { ...manifest, services, locks };
}

/** The fence of a watcher keeps a deadline off that was called off before it was armed. */
function watcher({ name, service, deadline }: Watch): ServiceEntry {
  const arm = { ...PART, hears: [deadline.after], emits: [[armedBy(name)]] };
  const callOff: ReactionEntry = {
    ...PART,
    kind: "undo",
    hears: deadline.unless,
    undoes: armedBy(name),
    emits: [[calledOffBy(name)]],
  };
  return {
    ...service,
    name,
    begins: [],
    reactions: deadline.unless.length === 0 ? [arm] : [arm, callOff],
    deadlines: [],
    inbox: true,
    fence: true,
    mayPark: false,
  };
}

const armedBy = (name: string) => `${name} armed`;
const calledOffBy = (name: string) => `${name} called off`;

const PART: ReactionEntry = {
  kind: "step",
  name: undefined,
  was: [],
  hears: [],
  optional: [],
  effect: undefined,
  effectWas: [],
  undoes: undefined,
  emits: SILENT,
  fails: [],
  once: undefined,
  onceWas: [],
  max: undefined,
  late: SILENT,
  onParked: undefined,
  readonly: false,
  keyed: false,
  onEmpty: "ack",
  suppress: new Map(),
};
