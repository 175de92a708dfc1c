import type { DeadlineDeclaration, OnParkedDeclaration } from "../choreography/declaration.ts";
import { encodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, messageOf, OdoriError, PermanentError } from "../contract/errors.ts";
import type { Fact } from "../contract/event.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { DeferredState, Problem } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Draft } from "./draft.ts";
import { emissionsOf, touchDeadlines } from "./emit.ts";
import { deadlineMark } from "./plan.ts";
import type { Scope, Task } from "./task.ts";
import type { Attempt, Completion, TaskContext } from "./task-context.ts";

/** Retries after a technical failure. */
export interface RetryPolicy {
  /** How often a delivery is tried before it is parked, the first time included. */
  readonly attempts: number;
  /** Upper bound of the first pause; each later one is twice the one before. */
  readonly firstMs: number;
  readonly longestMs: number;
}

export const RETRY_DEFAULT: RetryPolicy = { attempts: 8, firstMs: 200, longestMs: 60_000 };

/**
 * Full jitter: anything between nothing and the bound, so that what failed together is not tried
 * together.
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  return Math.floor(random * Math.min(policy.longestMs, policy.firstMs * 2 ** (attempt - 1)));
}

const PERMANENT: ReadonlySet<string> = new Set([
  "PAYLOAD_INVALID",
  "PAYLOAD_NOT_JSON",
  "PAYLOAD_TOO_LARGE",
  "ATTRIBUTE_INVALID",
  "UNDECLARED_OUTCOME",
  "UNKNOWN_TYPE",
  "MESSAGE_MALFORMED",
  "MESSAGE_TOO_LARGE",
]);

/**
 * Whether trying again cannot help: the handler said so, or what was heard or emitted does not fit
 * its contract.
 */
function isPermanent(error: unknown): boolean {
  return (
    error instanceof PermanentError || (error instanceof OdoriError && PERMANENT.has(error.code))
  );
}

const MESSAGE_MAX_CHARS = 2_000;
const STACK_MAX_CHARS = 8_000;

/** An error as it is kept with a delivery; its causes are part of the stack. */
export function problemOf(error: unknown): Problem {
  const stack: string[] = [];
  for (let cause = error; cause instanceof Error && stack.length < 8; cause = cause.cause)
    stack.push(cause.stack ?? String(cause));
  return {
    code: codeOf(error),
    message: messageOf(error).slice(0, MESSAGE_MAX_CHARS),
    stack: stack.length === 0 ? undefined : stack.join("\ncaused by ").slice(0, STACK_MAX_CHARS),
  };
}

/** What failed: a reaction or a deadline. */
export interface FailureTarget<Native> {
  readonly name: string;
  readonly onParked: OnParkedDeclaration | undefined;
  /** Deadlines that `onParked` may arm or call off. */
  readonly deadlines: readonly DeadlineDeclaration<Native>[];
}

export interface Failure {
  readonly event: EventEnvelope;
  /** Whether the payload fitted its contract. */
  readonly valid: boolean;
  readonly error: unknown;
  readonly attempt: Attempt;
}

/**
 * Commits that a delivery has failed, now that its own transaction is rolled back: it is put off,
 * or given up on.
 */
export class FailureTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly #context: TaskContext<Native>;
  readonly #target: FailureTarget<Native>;
  readonly #failure: Failure;
  readonly completion: Completion;

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
    const { event, error, attempt } = failure;
    const { source, id, sagaId, correlationId } = event;
    const { name: reaction, deadlines } = target;
    this.receipt = {
      reaction,
      source,
      id,
      sagaId,
      marks: deadlines.map(deadlineMark),
      gathers: false,
      deferred: attempt.deferred,
    };
    const { code, message } = problemOf(error);
    this.fields = {
      reaction,
      sagaId,
      correlationId,
      eventId: id,
      attempt: attempt.number,
      code,
      problem: message,
    };
  }

  run({ status, marks }: Received, { draft }: Scope<Native>): void {
    if (status === "duplicate" || status === "gone") return;
    const problem = problemOf(this.#failure.error);
    const { state, delayMs } =
      status === "blocked" ? { state: "waiting" as const, delayMs: 0 } : this.#judge();
    const answer = state === "parked" ? this.#answer(problem) : undefined;
    if (answer === undefined) this.#put(draft, state, delayMs, problem, []);
    else this.#put(draft, "answered", 0, problem, this.#emit(draft, answer, marks));
  }

  #judge(): { readonly state: "retrying" | "parked"; readonly delayMs: number } {
    const { error, attempt } = this.#failure;
    const { retry, environment } = this.#context;
    if (isPermanent(error) || attempt.number >= retry.attempts)
      return { state: "parked", delayMs: 0 };
    return { state: "retrying", delayMs: backoffMs(retry, attempt.number, environment.random()) };
  }

  #emit(draft: Draft, answer: Fact, marks: Received["marks"]): readonly EventEnvelope[] {
    const { source, id, sagaId, correlationId, traceparent } = this.#failure.event;
    const { emitter, plan } = this.#context;
    const consumer = `${plan.service.name}/${this.#target.name}/parked`;
    const events = emitter.derive(
      { consumer, source, id, sagaId, correlationId, causationId: id, traceparent },
      [answer],
    );
    draft.enqueue.push(...events);
    touchDeadlines(this.#target.deadlines, marks, events, draft);
    return events;
  }

  /**
   * The `onParked` event. If it cannot be made either, the delivery is parked without it: a person
   * has to look at both.
   */
  #answer(problem: Problem): Fact | undefined {
    const { event, valid } = this.#failure;
    try {
      return this.#target.onParked?.make(event, valid, problem);
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
    const { event, attempt } = this.#failure;
    const { source, id, type, sagaId, causationId } = event;
    const { name: reaction } = this.#target;
    const { number: attempts } = attempt;
    const disposition = state === "retrying" || state === "waiting" ? state : "parked";
    const entry = {
      reaction,
      source,
      id,
      type,
      sagaId,
      causationId,
      disposition,
      effect: undefined,
      emitted: emissionsOf(events),
    } as const;
    const body = { malformed: false, text: encodeStored([event]) };
    draft.putOff(
      entry,
      { reaction, source, id, sagaId, state, attempts, delayMs, problem, body },
      attempt,
    );
  }
}
