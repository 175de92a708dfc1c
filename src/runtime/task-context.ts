import type { Environment } from "../ports/environment.ts";
import type { Probe } from "./crash-points.ts";
import type { Emitter } from "./emit.ts";
import type { RetryPolicy } from "./failure.ts";
import type { Contexts } from "./handler-context.ts";
import type { ServicePlan } from "./plan.ts";

/** What every task of a running service has at hand. */
export interface TaskContext<Native> {
  readonly plan: ServicePlan<Native>;
  readonly emitter: Emitter;
  readonly handlers: Contexts;
  readonly environment: Environment;
  readonly retry: RetryPolicy;
  readonly probe: Probe;
}

/** How a delivery came to be handled now. */
export interface Attempt {
  /** 1 for the first time. */
  readonly number: number;
  /** The deferred delivery that is due; undefined when it comes from the bus. */
  readonly deferred: number | undefined;
  /** Whether it has an inbox row already, which is then amended. */
  readonly journaled: boolean;
}

export const FIRST: Attempt = { number: 1, deferred: undefined, journaled: false };

/** Whoever handed a task over and waits for it. */
export interface Completion {
  /** It is committed. */
  done(): void;
  /** Nothing was committed, and nothing will be: it has to be handed over again. */
  failed(error: unknown): void;
}
