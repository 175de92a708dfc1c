import type {
  DeadlineDeclaration,
  OnParkedDeclaration,
  ServiceDeclaration,
} from "../choreography/declaration.ts";
import type { EventEnvelope, MessageHead } from "../contract/envelope.ts";
import type { ErrorCode } from "../contract/error-catalogue.ts";
import { codeOf } from "../contract/errors.ts";
import { storedName, watchName } from "../contract/names.ts";
import { RetryAfter } from "../contract/retry-after.ts";
import type { TraceContext } from "../contract/trace-context.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { DeferredState, Problem } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import { callsOff, touchDeadlines } from "./deadlines.ts";
import { decide } from "./decide.ts";
import type { Delivery } from "./delivery.ts";
import { Draft } from "./draft.ts";
import { EffectUnknownError } from "./effect-unknown.ts";
import { markForgotten } from "./forgotten.ts";
import { Marks } from "./marks.ts";
import { deadlineMark, type ReactionPlan, touching } from "./plan.ts";
import { isPermanent, problemOf } from "./problem.ts";
import { PutOffError } from "./put-off.ts";
import { backoffMs } from "./retry.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

/**
 * Codes after which the step may have been done, may still be undone, or was asked for by a
 * stranger, who must not be able to fail a saga. Nothing is said of it before a person has looked.
 */
const UNDECIDED: readonly string[] = [
  "EFFECT_UNKNOWN",
  "FENCE_FORGOTTEN",
  "SOURCE_UNKNOWN",
] satisfies readonly ErrorCode[];

/** When a delivery runs again for which a declaration has to be read. */
const REREAD_MS = 10;

/** The `onParked` event of a delivery. */
interface Answer {
  readonly events: readonly EventEnvelope[];
  /** What emitting them writes. */
  readonly draft: Draft;
}

/** Nothing at all; or it runs a handler whose every outcome is silent. */
type Silence = "suppressed" | "late" | "handled";

/** What failed: a reaction or a deadline. */
export interface FailureTarget<Native> {
  readonly name: string;
  readonly onParked: OnParkedDeclaration | undefined;
  /** Deadlines that `onParked` may arm or disarm. */
  readonly deadlines: readonly DeadlineDeclaration<Native>[];
  /**
   * Returns what the delivery does by the marks of its saga, where it emits nothing: then it is not
   * answered.
   */
  silence(received: Received, failure: Failure): Silence | undefined;
  /** What that depends on, beyond the marks. */
  readonly asks: Partial<Pick<Receipt, "gathers" | "seeks">>;
}

export function reactionTarget<Native>(plan: ReactionPlan<Native>): FailureTarget<Native> {
  const { reaction, stored, deadlines } = plan;
  return {
    name: stored,
    onParked: reaction.onParked,
    deadlines,
    silence: (received, { event }) => silenceOf(plan, event, received),
    asks: { gathers: reaction.kind === "join" },
  };
}

function silenceOf<Native>(
  plan: ReactionPlan<Native>,
  event: EventEnvelope,
  received: Received,
): Silence | undefined {
  if (isGathered(plan, event, received)) return "suppressed";
  // The key of an effect is unknown where the payload does not fit.
  if (plan.names === undefined) return undefined;
  const decision = decide(plan, plan.names, new Marks(received));
  if (decision === "suppress") return "suppressed";
  if (decision !== "late") return undefined;
  if (plan.reaction.late === undefined) return "late";
  return plan.lateOutcomes.size === 1 && plan.lateOutcomes.has("") ? "handled" : undefined;
}

/** Whether a join has the event already. */
function isGathered<Native>(
  { contracts }: ReactionPlan<Native>,
  { type }: EventEnvelope,
  { gathered }: Received,
): boolean {
  return gathered.some(({ event }) => contracts.get(event.type) === contracts.get(type));
}

export function deadlineTarget<Native>(
  service: ServiceDeclaration<Native>,
  deadline: DeadlineDeclaration<Native>,
): FailureTarget<Native> {
  const { onParked } = deadline;
  const others = touching(service, onParked === undefined ? [] : [onParked.emits]);
  return {
    name: storedName(deadline),
    onParked,
    deadlines: others.filter((other) => other !== deadline),
    silence: (received) => {
      const armed = new Marks(received).of(deadlineMark(deadline)) === "armed";
      return armed && !received.found ? undefined : "suppressed";
    },
    asks: { seeks: callsOff(deadline) },
  };
}

/** The target of a delivery that arms or disarms a deadline. */
export function watchTarget<Native>(deadline: DeadlineDeclaration<Native>): FailureTarget<Native> {
  const name = watchName(storedName(deadline));
  return { name, onParked: undefined, deadlines: [], silence: () => undefined, asks: {} };
}

export interface Failure {
  readonly delivery: Delivery;
  readonly event: EventEnvelope;
  /** Whether the payload fitted its contract. */
  readonly valid: boolean;
  readonly error: unknown;
}

/** Commits that a delivery has failed, after its own writes were undone: put off, or parked. */
export class FailureTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly cause: MessageHead;
  readonly #context: TaskContext<Native>;
  readonly #target: FailureTarget<Native>;
  readonly #failure: Failure;

  constructor(
    context: TaskContext<Native>,
    target: FailureTarget<Native>,
    failure: Failure,
    completion: Completion,
  ) {
    this.#context = context;
    this.#target = target;
    this.#failure = failure;
    this.completion = completion;
    const { delivery, error } = failure;
    this.cause = delivery.message;
    this.receipt = delivery.receipt(target.asks);
    const { code, message } = problemOf(error, delivery.attempt);
    this.fields = { ...delivery.fields, code, problem: message };
  }

  run(received: Received, { draft, trace }: Scope<Native>): void {
    const { status } = received;
    if (status === "duplicate" || status === "gone") return;
    markForgotten(this.#context, received, this.receipt, draft);
    const { error, delivery } = this.#failure;
    const silence = status === "fresh" ? this.#silence(received) : undefined;
    if (silence === "suppressed" || silence === "late") {
      draft.finish(delivery.entry(silence), delivery.attempt);
      return;
    }
    const problem = problemOf(error, delivery.attempt);
    const { state, delayMs } =
      status === "blocked" ? { state: "waiting" as const, delayMs: 0 } : this.#judge();
    const answers = state === "parked" && silence === undefined;
    const answer = answers ? this.#answer(problem, received, trace) : undefined;
    if (answer === undefined) this.#put(draft, state, delayMs, problem, []);
    else {
      draft.add(answer.draft);
      this.#put(draft, "answered", 0, problem, answer.events);
    }
  }

  #silence(received: Received): Silence | undefined {
    if (UNDECIDED.includes(codeOf(this.#failure.error))) return undefined;
    return this.#target.silence(received, this.#failure);
  }

  #judge(): { readonly state: "retrying" | "parked"; readonly delayMs: number } {
    const { error, delivery } = this.#failure;
    const uncountedMs = uncountedDelayMs(error);
    if (uncountedMs !== undefined) return { state: "retrying", delayMs: uncountedMs };
    const { retry, environment } = this.#context;
    const { number } = delivery.attempt;
    if (isPermanent(error) || number >= retry.attempts) return { state: "parked", delayMs: 0 };
    if (error instanceof RetryAfter) return { state: "retrying", delayMs: error.delayMs };
    return { state: "retrying", delayMs: backoffMs(retry, number, environment.random()) };
  }

  /**
   * Makes the `onParked` event, and what emitting it writes. If any of it throws as well, its older
   * versions included, the delivery is parked without it: a person has to look at both.
   */
  #answer(
    problem: Problem,
    received: Received,
    trace: TraceContext | undefined,
  ): Answer | undefined {
    const { event, valid, delivery, error } = this.#failure;
    const { emitter, plan, environment } = this.#context;
    const consumer = `${plan.service.name}/${this.#target.name}/parked`;
    if (UNDECIDED.includes(codeOf(error))) return undefined;
    try {
      const fact = this.#target.onParked?.make(event, valid, problem);
      if (fact === undefined) return undefined;
      const origin = delivery.origin(consumer, received, environment.now(), { trace });
      const events = emitter.derive(origin, [fact]);
      const draft = new Draft();
      draft.enqueue.push(...emitter.inAllVersions(events));
      touchDeadlines(this.#target.deadlines, new Marks(received), events, draft);
      return { draft, events };
    } catch {
      return undefined;
    }
  }

  #put(
    draft: Draft,
    state: DeferredState,
    delayMs: number,
    problem: Problem,
    events: readonly EventEnvelope[],
  ): void {
    const { delivery, error } = this.#failure;
    const { number } = delivery.attempt;
    const attempts = uncountedDelayMs(error) === undefined ? number : number - 1;
    const disposition = state === "retrying" || state === "waiting" ? state : "parked";
    const entry = delivery.entry(disposition, undefined, events);
    const first = state === "retrying" && delivery.attempt.deferred === undefined;
    const held = first && this.#context.mayHold(delayMs);
    const row = { ...delivery.deferral({ state, problem, attempts, delayMs }), held };
    draft.putOff(entry, row, delivery.attempt, { fields: this.fields, error });
  }
}

/**
 * When a delivery runs again that was put off, and has not failed; undefined for a failed attempt.
 * Reading a declaration, for one, is not an attempt: with one, there would be none afterwards.
 */
function uncountedDelayMs(error: unknown): number | undefined {
  if (error instanceof PutOffError) return error.delayMs;
  return error instanceof EffectUnknownError && error.provisional ? REREAD_MS : undefined;
}
