import type { Environment } from "../ports/environment.ts";
import type { Probe } from "./crash-points.ts";
import type { Emitter } from "./emit.ts";
import type { Handlers } from "./handler-context.ts";
import type { KnownVersions } from "./known-versions.ts";
import type { Owners } from "./owners.ts";
import type { ServicePlan } from "./plan.ts";
import type { RetryPolicy } from "./retry.ts";

/** What every task of a running service uses. */
export interface TaskContext<Native> {
  readonly plan: ServicePlan<Native>;
  readonly versions: KnownVersions;
  readonly owners: Owners;
  readonly emitter: Emitter;
  readonly handlers: Handlers;
  readonly environment: Environment;
  readonly retry: RetryPolicy;
  readonly retentionMs: number;
  readonly probe: Probe;
  /** Whether this process keeps a delivery in hand that is due again after `delayMs`. */
  mayHold(delayMs: number): boolean;
}
