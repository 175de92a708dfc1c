import { EffectNames } from "../choreography/effects.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { shortType } from "../text/short.ts";
import { spanOf } from "../text/span.ts";
import type { Model } from "./model.ts";

/** Says under which condition a proof holds, where the choreography could break the condition. */
export interface Assumption {
  readonly code: "NOTHING_PARKED" | "TWO_KEYS" | "WITHIN_RETENTION" | "OTHER_BEGINNINGS";
  readonly message: string;
}

const NAMES_SHOWN = 5;

/** Returns the conditions under which the exploration of a choreography is a proof. */
export function assumptionsOf(
  manifest: Manifest,
  model: Model,
  retentionMs: number,
): readonly Assumption[] {
  return [
    nothingParked(manifest, model),
    twoKeys(manifest),
    withinRetention(manifest, retentionMs),
    otherBeginnings(manifest),
  ].flat();
}

function nothingParked({ services }: Manifest, { sources }: Model): readonly Assumption[] {
  const acting = new Set(
    sources.flatMap((source) =>
      source.kind === "delivery" && source.reaction !== undefined
        ? [source.reaction.service]
        : source.kind === "deadline"
          ? [source.deadline.service]
          : [],
    ),
  );
  const trusted = [...acting].filter(({ mayPark }) => !mayPark).map(({ name }) => name);
  if (trusted.length === 0) return [];
  const all = [...services.values()].every((service) => !service.mayPark);
  const which = all ? "no delivery" : `no delivery to ${listed(trusted, "or")}`;
  return [{ code: "NOTHING_PARKED", message: `${which} is given up on` }];
}

function twoKeys({ services }: Manifest): readonly Assumption[] {
  const keyed = [...services.values()].flatMap((service) => {
    const names = new EffectNames(service);
    return service.reactions
      .filter((reaction) => reaction.keyed && reaction.kind !== "undo")
      .flatMap((reaction) => names.of(reaction))
      .filter((effect) => effect !== undefined);
  });
  if (keyed.length === 0) return [];
  const effects = listed([...new Set(keyed)].map(shortType), "and");
  return [{ code: "TWO_KEYS", message: `two keys of ${effects} stand for any number` }];
}

/** The least time that deadlines take is explored. What comes from outside has no such time. */
function withinRetention(
  { services, arrives }: Manifest,
  retentionMs: number,
): readonly Assumption[] {
  const code = "WITHIN_RETENTION";
  const retention = spanOf(retentionMs);
  if (arrives.length > 0)
    return [
      { code, message: `a saga is shorter than the retention of its services (${retention})` },
    ];
  const waits = [...services.values()].flatMap(({ deadlines }) =>
    deadlines.map(({ withinMs }) => withinMs),
  );
  const longest = waits.reduce((sum, waitMs) => sum + waitMs, 0);
  if (longest <= retentionMs) return [];
  return [{ code, message: `each service remembers a saga for ${retention} (retentionMs)` }];
}

function otherBeginnings({ services, begins }: Manifest): readonly Assumption[] {
  const others = [...services.values()]
    .flatMap((service) => service.begins)
    .filter((type) => !begins.includes(type));
  if (others.length === 0) return [];
  const types = listed([...new Set(others)].map(shortType), "or");
  return [{ code: "OTHER_BEGINNINGS", message: `no saga begins with ${types}` }];
}

function listed(names: readonly string[], word: "and" | "or"): string {
  if (names.length > NAMES_SHOWN)
    return `${names.slice(0, NAMES_SHOWN).join(", ")} ${word} ${names.length - NAMES_SHOWN} more`;
  return names.length < 2
    ? names.join("")
    : `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}
