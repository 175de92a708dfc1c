import { EVERY_PHASE } from "../model.ts";

/*
 * A deployment replaces one service. Its two versions stand in the manifest as two services, which
 * share their marks and their messages. The phase of the deployment is a byte of the state.
 */

/** Only the old version runs. */
export const OLD_ALONE = 0;
/** Both run. Either may take all that it knows. */
export const BOTH = 1;
/** Only the new version runs. The deployment is over. */
export const NEW_ALONE = 2;
/** Only the old version runs again: the deployment was rolled back. */
export const BACK = 3;

/** Names the two versions of a service in the manifest of a deployment. */
export interface Versions {
  /** The service as it is called outside. */
  readonly service: string;
  readonly old: string;
  readonly now: string;
  /** Whether the new version may be stopped again while both run. */
  readonly rollback: boolean;
}

/** Names the versions as findings show them. */
export function versionNames(service: string, rollback: boolean): Versions {
  return { service, old: `${service}(old)`, now: `${service}(NEW)`, rollback };
}

/** Returns the phases in which a service runs, as bits. */
export function phasesOf(versions: Versions | undefined, name: string): number {
  if (name === versions?.old) return bits(OLD_ALONE, BOTH, BACK);
  return name === versions?.now ? bits(BOTH, NEW_ALONE) : EVERY_PHASE;
}

/** Returns the version beside this one; undefined for a service that is not deployed. */
export function otherThan(versions: Versions | undefined, name: string): string | undefined {
  if (name === versions?.old) return versions.now;
  return name === versions?.now ? versions.old : undefined;
}

/** Returns the phase that a version ends in when it is the only one left. */
export function lastPhase({ now }: Versions, name: string): number {
  return name === now ? NEW_ALONE : BACK;
}

/** Lists what may follow each phase, and the phase itself, as bits. */
export function phasesAhead({ rollback }: Versions): readonly number[] {
  const after = rollback ? bits(BOTH, NEW_ALONE, BACK) : bits(BOTH, NEW_ALONE);
  return [after | bits(OLD_ALONE), after, bits(NEW_ALONE), bits(BACK)];
}

/** Returns the service without its version, for what is compared with other explorations. */
export function homeOf(versions: Versions | undefined, name: string): string {
  return versions !== undefined && otherThan(versions, name) !== undefined
    ? versions.service
    : name;
}

export function bits(...phases: readonly number[]): number {
  return phases.reduce((mask, phase) => mask | (1 << phase), 0);
}

/**
 * Lists the phases in which a service may begin a saga. Sagas that begin after the deployment are
 * those of the new version alone.
 */
export function phasesToBegin(versions: Versions | undefined, service: string): readonly number[] {
  if (versions === undefined) return [OLD_ALONE];
  const phases = phasesOf(versions, service);
  return [OLD_ALONE, BOTH].filter((phase) => (phases & bits(phase)) !== 0);
}
