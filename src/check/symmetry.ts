import { stemOf } from "../contract/grammar.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { Exchange, Symmetry } from "./exchange.ts";
import type { Model, TransitionSource, Variable } from "./model.ts";
import { legsIn } from "./renaming.ts";
import type { Renaming } from "./same.ts";

/*
 * Legs that look alike: renaming the services and events of one to those of the other, and the
 * other way round, gives the same choreography. States that differ only in which leg is which then
 * lead to the same ends, and one of them is enough (Ip and Dill, "Better verification through
 * symmetry", 1996).
 */

type ModelParts = Pick<
  Model,
  "size" | "sources" | "reactions" | "deadlines" | "beginnings" | "variables"
>;

/** Finds the legs of a choreography that look alike. */
export function symmetriesOf(manifest: Manifest, parts: ModelParts): readonly Symmetry[] {
  const places = placesOf(
    parts.variables,
    (name) => name,
    (name) => name,
  );
  // Without a name of its own, a byte cannot be followed.
  if (places === undefined) return [];
  return legsIn(manifest).flatMap((renamings) => {
    const exchanges = renamings.map((renaming) => exchangeOf(parts, places, renaming));
    const sound = exchanges.filter((one) => one !== undefined);
    return sound.length < exchanges.length ? [] : [{ legs: ownBytes(sound), exchanges: sound }];
  });
}

/** Lists the byte of each variable by its name, renamed. Undefined if two have the same name. */
function placesOf(
  variables: ModelParts["variables"],
  service: (name: string) => string,
  type: (name: string) => string,
): ReadonlyMap<string, number> | undefined {
  const places = new Map<string, number>();
  for (const [at, variable] of variables.entries()) {
    if (variable === undefined) continue;
    const name = nameOf(variable, service, type);
    if (places.has(name)) return undefined;
    places.set(name, at);
  }
  return places;
}

function nameOf(
  { kind, service, place, types = [], effect, local }: Variable,
  serviceName: (name: string) => string,
  typeName: (name: string) => string,
): string {
  return JSON.stringify([
    kind,
    service === undefined ? null : serviceName(service),
    place ?? null,
    types.map(typeName).sort(),
    effect === undefined ? null : typeName(effect),
    local ?? null,
  ]);
}

function exchangeOf(
  { size, sources, reactions, deadlines, beginnings, variables }: ModelParts,
  places: ReadonlyMap<string, number>,
  { services, types }: Renaming,
): Exchange | undefined {
  const serviceName = (name: string) => services.get(name) ?? name;
  const stems = new Map([...types].map(([from, to]) => [stemOf(from), stemOf(to)]));
  const typeName = (name: string) => types.get(name) ?? stems.get(name) ?? name;
  const renamed = placesOf(variables, serviceName, typeName);
  if (renamed === undefined) return undefined;
  const byte = Int32Array.from({ length: size }, (_, at) => at);
  for (const [name, at] of renamed) {
    const to = places.get(name);
    if (to === undefined) return undefined;
    byte[at] = to;
  }
  const indexed = (items: readonly string[], images: readonly string[]) => {
    const index = new Map(items.map((name, at) => [name, at]));
    return Int32Array.from(images, (name) => index.get(name) ?? -1);
  };
  const reaction = (name: string, place: number) => `${place} ${name}`;
  const source = ({ kind }: TransitionSource, at: number | undefined) => `${kind} ${at}`;
  const begins = (type: string, service = "") => `${type} ${service}`;
  const exchange: Exchange = {
    bytes: [...byte].flatMap((to, at) => (at < to ? [[at, to] as const] : [])),
    sources: indexed(
      sources.map((one) => source(one, one.at)),
      sources.map((one) => source(one, byte[one.at])),
    ),
    reactions: indexed(
      reactions.map(({ service, place }) => reaction(service.name, place)),
      reactions.map(({ service, place }) => reaction(serviceName(service.name), place)),
    ),
    deadlines: indexed(
      deadlines.map(({ at }) => `${at}`),
      deadlines.map(({ at }) => `${byte[at]}`),
    ),
    beginnings: indexed(
      beginnings.map(({ type, service }) => begins(type, service)),
      beginnings.map(({ type, service }) =>
        begins(typeName(type), service === undefined ? undefined : serviceName(service)),
      ),
    ),
  };
  // How long the deadlines wait decides what a service has forgotten by then.
  const forgets = (index: number) => {
    const one = sources[index];
    return one?.kind === "delivery" && one.forgets;
  };
  if (sources.some(({ index }) => forgets(index) !== forgets(exchange.sources[index] ?? -1)))
    return undefined;
  const { reactions: toReaction, deadlines: toDeadline, beginnings: toBeginning } = exchange;
  const maps = [byte, exchange.sources, toReaction, toDeadline, toBeginning];
  return maps.every(isInvolution) ? exchange : undefined;
}

function isInvolution(map: Int32Array): boolean {
  return map.every((to, from) => map[to] === from);
}

/**
 * Lists the bytes that belong to one leg alone: those of the first leg, which only its exchange
 * with the second one moves, and their places in each further leg.
 */
function ownBytes(exchanges: readonly Exchange[]): readonly (readonly number[])[] {
  const [first, ...others] = exchanges;
  const elsewhere = new Set(others.flatMap(({ bytes }) => bytes.flat()));
  const own = (first?.bytes ?? []).flatMap((pair) => pair.filter((at) => !elsewhere.has(at)));
  // Of two legs, each pair has a byte of the first one and a byte of the second one.
  let leg = exchanges.length === 1 ? (first?.bytes ?? []).map(([at]) => at) : own;
  const legs = [leg];
  for (const { bytes } of exchanges) {
    const to = new Map(bytes.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));
    leg = leg.map((at) => to.get(at) ?? at);
    legs.push(leg);
  }
  return legs;
}
