import { emissionsFrom } from "../merge.ts";
import {
  deliveryMadeBy,
  EVERY_PHASE,
  type Model,
  type ModelEmission,
  type RollingModel,
  type TransitionSource,
} from "../model.ts";
import { OLD_ALONE } from "./versions.ts";

/**
 * Lists the bytes of a deployment that a transition accesses, all as if it wrote them: all that one
 * version does depends on the phase, and so does an event that one version alone hears. These
 * depend on each other: two versions take what one byte counts, and share their marks.
 */
export function writtenInDeployment(
  { rolling }: Model,
  source: TransitionSource,
  emissions: readonly ModelEmission[],
): readonly number[] {
  if (rolling === undefined) return [];
  const noted = emissions.flatMap(({ notes }) => notes);
  const sought = source.kind === "deadline" ? source.seeks : [];
  const phase = isBound(rolling, source, emissions) ? [rolling.phaseAt] : [];
  return [...phase, ...noted, ...sought, ...(deliveryMadeBy(source)?.notes ?? [])];
}

/**
 * Says what of a deployment may enable a transition. What one version does may lead to all that
 * both may do: a message is left to the other one, a join may be complete, and the phase changes.
 */
export function feedersInDeployment(model: Model): (source: TransitionSource) => readonly number[] {
  const { rolling, sources } = model;
  if (rolling === undefined) return () => [];
  const bound = sources.filter((source) => isBound(rolling, source, emissionsFrom(source)));
  const indexes = bound.map(({ index }) => index);
  return ({ phases }) => (phases === EVERY_PHASE ? [] : indexes);
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
