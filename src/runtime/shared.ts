import type { Environment } from "../ports/environment.ts";
import type { Contexts } from "./context.ts";
import type { Emitter } from "./emit.ts";
import type { RetryPolicy } from "./failure.ts";
import type { ServicePlan } from "./plan.ts";
import type { Probe } from "./steps.ts";

/** What every task of a running service has at hand. */
export interface Shared<Native> {
  readonly plan: ServicePlan<Native>;
  readonly emitter: Emitter;
  readonly contexts: Contexts;
  readonly environment: Environment;
  readonly retry: RetryPolicy;
  readonly probe: Probe;
}

/** How a delivery came to be handled now. */
export interface Occasion {
  /** 1 for the first time. */
  readonly attempt: number;
  /** The deferred delivery that is due; undefined when it comes from the bus. */
  readonly deferred: number | undefined;
  /** Whether it has an inbox row already, which is then amended. */
  readonly journaled: boolean;
}

export const FIRST: Occasion = { attempt: 1, deferred: undefined, journaled: false };

/** Whoever handed a task over and waits for it. */
export interface Settle {
  /** It is committed. */
  done(): void;
  /** Nothing was committed, and nothing will be: it has to be handed over again. */
  failed(error: unknown): void;
}
