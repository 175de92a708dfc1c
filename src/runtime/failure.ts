import type { DeadlineDeclaration, OnParkedDeclaration } from "../choreography/declaration.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf } from "../contract/errors.ts";
import { storedName } from "../contract/names.ts";
import { RetryAfter } from "../contract/retry-after.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { DeferredState, Problem } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import { touchDeadlines } from "./deadlines.ts";
import type { Delivery } from "./delivery.ts";
import type { Draft } from "./draft.ts";
import { markForgotten } from "./forgotten.ts";
import { Marks } from "./marks.ts";
import type { ReactionPlan } from "./plan.ts";
import { isPermanent, problemOf } from "./problem.ts";
import { backoffMs } from "./retry.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

/** What failed: a reaction or a deadline. */
export interface FailureTarget<Native> {
  readonly name: string;
  readonly onParked: OnParkedDeclaration | undefined;
  /** Deadlines that `onParked` may arm or disarm. */
  readonly deadlines: readonly DeadlineDeclaration<Native>[];
}

export function reactionTarget<Native>(plan: ReactionPlan<Native>): FailureTarget<Native> {
  const { reaction, stored, deadlines } = plan;
  return { name: stored, onParked: reaction.onParked, deadlines };
}

export function deadlineTarget<Native>(
  deadline: DeadlineDeclaration<Native>,
): FailureTarget<Native> {
  return { name: storedName(deadline), onParked: undefined, deadlines: [] };
}

export interface Failure {
  readonly delivery: Delivery;
  readonly event: EventEnvelope;
  /** Whether the payload fitted its contract. */
  readonly valid: boolean;
  readonly error: unknown;
}

/**
 * What a later declaration or other owners can still set right: nothing is said before a person has
 * looked. A stranger must not be able to fail a saga.
 */
const UNANSWERED: readonly string[] = ["EFFECT_UNKNOWN", "SOURCE_UNKNOWN"];

/** Commits that a delivery has failed, after its own writes were undone: put off, or parked. */
export class FailureTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
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
    this.receipt = delivery.receipt();
    const { code, message } = problemOf(error);
    this.fields = { ...delivery.fields, code, problem: message };
  }

  run(received: Received, { draft }: Scope<Native>): void {
    const { status } = received;
    if (status === "duplicate" || status === "gone") return;
    markForgotten(this.#context, received, this.receipt, draft);
    const problem = problemOf(this.#failure.error);
    const { state, delayMs } =
      status === "blocked" ? { state: "waiting" as const, delayMs: 0 } : this.#judge();
    const answer = state === "parked" ? this.#answer(problem, received) : undefined;
    if (answer === undefined) this.#put(draft, state, delayMs, problem, []);
    else {
      this.#emit(draft, answer, new Marks(received));
      this.#put(draft, "answered", 0, problem, answer);
    }
  }

  #judge(): { readonly state: "retrying" | "parked"; readonly delayMs: number } {
    const { error, delivery } = this.#failure;
    const { retry, environment } = this.#context;
    const { number } = delivery.attempt;
    if (isPermanent(error) || number >= retry.attempts) return { state: "parked", delayMs: 0 };
    if (error instanceof RetryAfter) return { state: "retrying", delayMs: error.delayMs };
    return { state: "retrying", delayMs: backoffMs(retry, number, environment.random()) };
  }

  #emit(draft: Draft, events: readonly EventEnvelope[], marks: Marks): void {
    draft.enqueue.push(...this.#context.emitter.inAllVersions(events));
    touchDeadlines(this.#target.deadlines, marks, events, draft);
  }

  /**
   * Makes the `onParked` event. If that throws as well, the delivery is parked without it: a
   * person has to look at both.
   */
  #answer(problem: Problem, received: Received): readonly EventEnvelope[] | undefined {
    const { event, valid, delivery, error } = this.#failure;
    const { emitter, plan, environment } = this.#context;
    const consumer = `${plan.service.name}/${this.#target.name}/parked`;
    if (UNANSWERED.includes(codeOf(error))) return undefined;
    try {
      const fact = this.#target.onParked?.make(event, valid, problem);
      if (fact === undefined) return undefined;
      return emitter.derive(delivery.origin(consumer, received, environment.now()), [fact]);
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
    const { delivery } = this.#failure;
    const { number: attempts } = delivery.attempt;
    const disposition = state === "retrying" || state === "waiting" ? state : "parked";
    const entry = delivery.entry(disposition, undefined, events);
    const row = delivery.deferral({ state, problem, attempts, delayMs });
    const { error } = this.#failure;
    draft.putOff(entry, row, delivery.attempt, { fields: this.fields, error });
  }
}
