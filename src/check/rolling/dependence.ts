import type { RollingModel } from "../model.ts";
import {
  deliveryMadeBy,
  EVERY_PHASE,
  type Model,
  type ModelEmission,
  type TransitionSource,
} from "../model.ts";
import { OLD_ALONE } from "./versions.ts";

/**
 * Lists the bytes of a deployment that a transition reads or writes. All that one version does
 * depends on the phase, and so does an event that one version alone hears.
 */
export function variablesOfDeployment(
  { rolling }: Model,
  source: TransitionSource,
  emissions: readonly ModelEmission[],
): readonly number[] {
  if (rolling === undefined) return [];
  const bound = isBound(rolling, source, emissions);
  const noted = emissions.flatMap(({ notes }) => notes);
  return [...(bound ? [rolling.phaseAt] : []), ...noted, ...(deliveryMadeBy(source)?.notes ?? [])];
}

/** Lists the transitions of a deployment that may follow a transition. */
export function followersInDeployment(
  { rolling, sources }: Model,
  source: TransitionSource,
  emissions: readonly ModelEmission[],
): readonly number[] {
  if (rolling === undefined) return [];
  // What one version does leads to all that both may do: they depend on each other in any case.
  if (!isBound(rolling, source, emissions)) return [];
  return sources.flatMap(({ phases, index }) => (phases === EVERY_PHASE ? [] : [index]));
}

/** Whether a transition depends on the phase, by itself or by what it emits. */
function isBound(
  { ahead }: RollingModel,
  source: TransitionSource,
  emissions: readonly ModelEmission[],
): boolean {
  const all = ahead[OLD_ALONE] ?? EVERY_PHASE;
  const posts = emissions.flatMap((emission) => emission.posts);
  return source.phases !== EVERY_PHASE || posts.some(({ phases }) => (phases & all) !== all);
}
