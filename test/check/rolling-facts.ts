import type { Manifest } from "../../src/manifest/manifest.ts";
import { withoutKey } from "./plain-reaction.ts";
import type { PlainEffects, PlainFacts } from "./plain-rules.ts";
import { stem } from "./reference-effects.ts";
import { effectMark, effectsOf, factsOf, type Home } from "./rolling-parts.ts";

/** What the versions of each service say together of the effects that it has. */
export class RollingFacts implements PlainEffects {
  readonly #homes: readonly Home[];
  readonly #ends: readonly string[];

  constructor({ succeeds, fails }: Manifest, homes: readonly Home[]) {
    this.#homes = homes;
    this.#ends = [...succeeds, ...fails];
  }

  factsOf(key: string): PlainFacts {
    const space = key.indexOf(" ");
    const home = this.#homes.find(({ name }) => name === key.slice(0, space));
    if (home === undefined) throw new Error(`no service of ${key}`);
    const mark = withoutKey(key.slice(space + 1));
    const { events, ...facts } = factsOf(home, mark, this.#ends);
    // Versions do not count: an effect has its fact's name.
    const stems = new Set(events.map(stem));
    return { ...facts, service: home.name, standsFor: (type) => stems.has(stem(type)) };
  }

  labelOf(group: readonly string[]): string | undefined {
    return group.flatMap((type) => this.#labelsOf(type))[0];
  }

  /** The effects for which an event stands, in the order of the services. */
  #labelsOf(type: string): readonly string[] {
    return this.#homes.flatMap((home) =>
      home.versions.flatMap((entry) => {
        const undone = entry.reactions.flatMap(({ undoes }) => undoes ?? []);
        return [...effectsOf(entry), ...undone].flatMap((name) => {
          const { standsFor, label } = this.factsOf(`${home.name} ${effectMark(entry, name)}`);
          return standsFor(type) ? [label] : [];
        });
      }),
    );
  }
}
