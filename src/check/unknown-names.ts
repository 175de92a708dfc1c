import { EffectNames } from "../choreography/effects.ts";
import { stemOf } from "../contract/grammar.ts";
import { type FlowGraph, flowGraph } from "../manifest/graph.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { Finding, Place, Severity } from "./finding.ts";

/** A list of a manifest that names events, and what each of its names must be. */
interface NameList {
  readonly list: NonNullable<Place["list"]>;
  /** How a message speaks of it, where its key alone does not say which one it is. */
  readonly label?: string;
  readonly service?: string;
  readonly names: readonly string[];
  readonly known: (name: string) => boolean;
  readonly otherwise: string;
  /** An error if a rule is not checked because of the name. */
  readonly severity: Severity;
}

/**
 * Finds names in the lists of a manifest that match nothing else in it. A rule about such a name
 * is kept by every saga, so it checks nothing.
 */
export function unknownNames(manifest: Manifest, graph: FlowGraph): readonly Finding[] {
  return unknownIn(choreographyLists(manifest, graph), graph);
}

/**
 * Finds events of which a service names older versions, and which it does not hear or emit.
 * `declared` still tells versions apart.
 */
export function unknownVersions(declared: Manifest): readonly Finding[] {
  const graph = flowGraph(declared);
  return unknownIn(versionLists(declared, graph), graph);
}

function unknownIn(lists: readonly NameList[], { types }: FlowGraph): readonly Finding[] {
  return lists.flatMap(({ list, label = list, service, names, known, otherwise, severity }) =>
    [...new Set(names)]
      .filter((name) => !known(name))
      .map((event) => ({
        code: "UNKNOWN_NAME",
        severity,
        message: `${label} names ${event}, which ${otherwise}`,
        hint: nearest(event, types.filter(known)),
        at: { ...(service !== undefined && { service }), event, list },
      })),
  );
}

function choreographyLists(
  manifest: Manifest,
  { emitters, hearers }: FlowGraph,
): readonly NameList[] {
  const { begins, external, arrives } = manifest;
  const outside = new Set([...begins, ...arrives]);
  const happens = (type: string) => emitters.has(type) || outside.has(type);
  const uses = (type: string) => happens(type) || hearers.has(type);
  const effects = effectFacts(manifest);
  const event = { known: happens, otherwise: "no service emits" };
  const effect = {
    known: (type: string) => effects.has(stemOf(type)),
    otherwise: "is not an effect of a service",
  };
  const mention = { otherwise: "no service emits or hears", severity: "warning" } as const;
  return [
    { list: "succeeds", names: manifest.succeeds, severity: "warning", ...event },
    { list: "fails", names: manifest.fails, severity: "warning", ...event },
    { list: "external", names: external, known: uses, ...mention },
    {
      list: "arrives",
      names: arrives,
      known: (type) => hearers.has(type),
      otherwise: "no service hears",
      severity: "warning",
    },
    {
      list: "events",
      names: [...manifest.events.keys()],
      known: (type) => uses(type) || external.includes(type),
      ...mention,
    },
    { list: "pivots", names: manifest.pivots, severity: "error", ...event },
    { list: "undoOrder", names: manifest.undoOrder.flat(), severity: "error", ...effect },
    { list: "oneOf", names: manifest.oneOf.flat(), severity: "error", ...effect },
    ...manifest.locks.map(({ name, acquire, release }): NameList => {
      const label = `the lock "${name}"`;
      return { list: "locks", label, names: [acquire, ...release], severity: "error", ...event };
    }),
  ];
}

function versionLists(
  { services }: Manifest,
  { emitters, hearers }: FlowGraph,
): readonly NameList[] {
  return [...services.values()].flatMap((service): readonly NameList[] => {
    const { name, alsoHears, alsoEmits } = service;
    const by = (graph: typeof emitters | typeof hearers) => (type: string) =>
      graph.get(type)?.some((use) => use.service === service) ?? false;
    const common = { service: name, severity: "error" } as const;
    return [
      {
        list: "alsoHears",
        label: `alsoHears of ${name}`,
        names: [...alsoHears.keys()],
        known: by(hearers),
        otherwise: "it does not hear",
        ...common,
      },
      {
        list: "alsoEmits",
        label: `alsoEmits of ${name}`,
        names: [...alsoEmits.keys()],
        known: by(emitters),
        otherwise: "it does not emit",
        ...common,
      },
    ];
  });
}

/** Returns the facts by which `undoOrder` and `oneOf` may speak of an effect. */
function effectFacts({ services }: Manifest): ReadonlySet<string> {
  return new Set(
    [...services.values()].flatMap((service) => {
      const names = new EffectNames(service);
      return [...names.all()].flatMap((name) => names.eventsOf(name)).map(stemOf);
    }),
  );
}

/** Suggests known names of the same domain, or of the same fact; those that begin alike first. */
function nearest(name: string, known: readonly string[]): string {
  const [domain, fact] = stemOf(name).split(".");
  const alike = (type: string) => [...name].findIndex((letter, at) => type[at] !== letter);
  const near = known
    .filter((type) => {
      const [otherDomain, otherFact] = stemOf(type).split(".");
      return otherDomain === domain || otherFact === fact;
    })
    .sort((a, b) => alike(b) - alike(a));
  const correct = "Correct the name, or remove it.";
  return near.length === 0 ? correct : `${correct} Did you mean ${near.slice(0, 3).join(" or ")}?`;
}
