import { checkAttribute, type EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { type EventContract, Fact } from "../contract/event.ts";
import { quote, stemOf } from "../contract/grammar.ts";
import { BEGINNING } from "../contract/names.ts";
import { readTrace, type TraceContext } from "../contract/trace-context.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import { FIRST } from "./attempt.ts";
import { touchDeadlines } from "./deadlines.ts";
import { EFFECT_STATE } from "./decide.ts";
import { Delivery } from "./delivery.ts";
import type { Origin } from "./emit.ts";
import { beginningId } from "./identity.ts";
import { Marks } from "./marks.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

/** Options of `begin`. */
export interface BeginOptions {
  /** The business transaction that the saga is part of; by default the saga itself. */
  readonly correlationId?: string;
  /**
   * The W3C trace context of the caller, for the events of the saga. One outside the grammar is
   * left out. With `telemetry`, the default is the caller's active span.
   */
  readonly traceparent?: string;
  /** What tracing systems have added to `traceparent`. */
  readonly tracestate?: string;
}

/** What came of `begin`. */
export interface Begun {
  readonly sagaId: string;
  /**
   * False when the saga had been begun before: then nothing was done, and `begin` may be repeated
   * without harm.
   */
  readonly begun: boolean;
  readonly event: EventEnvelope | undefined;
}

/** A beginning: an effect of the service that begins the saga, fenced like any other. */
export class BeginTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  /** What came of it, once it is done. */
  begun: Begun;
  readonly #context: TaskContext<Native>;
  readonly #id: string;
  readonly #work: (tx: Native) => unknown;
  readonly #options: BeginOptions;
  readonly completion: Completion;
  /** The trace that the caller has named; empty where it has not. */
  readonly trace: Partial<TraceContext>;

  constructor(
    context: TaskContext<Native>,
    sagaId: string,
    work: (tx: Native) => unknown,
    options: BeginOptions,
    completion: Completion,
  ) {
    checkAttribute("sagaId", sagaId);
    if (options.correlationId !== undefined) checkAttribute("correlationId", options.correlationId);
    this.#context = context;
    this.#work = work;
    this.#options = options;
    this.trace = readTrace(options.traceparent, options.tracestate);
    this.completion = completion;
    const { environment, plan } = context;
    this.#id = beginningId(environment.now(), environment.uuid());
    this.begun = { sagaId, begun: false, event: undefined };
    this.receipt = {
      reaction: BEGINNING,
      source: plan.source,
      id: this.#id,
      // Known when `work` has returned; the id alone is unique.
      type: "",
      sagaId,
      gathers: false,
      seeks: [],
      deferred: undefined,
    };
    this.fields = {
      reaction: BEGINNING,
      sagaId,
      correlationId: options.correlationId ?? sagaId,
      eventId: this.#id,
    };
  }

  run(received: Received, scope: Scope<Native>): void | Promise<void> {
    this.begun = { ...this.begun, begun: false, event: undefined };
    const marks = new Marks(received);
    const { begins } = this.#context.plan.service;
    if (begins.some(({ type }) => marks.of(stemOf(type)) !== undefined)) return;
    const returned = this.#context.handlers.call(scope, 1, this.fields, ({ tx }) => this.#work(tx));
    if (returned instanceof Promise)
      return returned.then((fact) => this.#finish(marks, scope, fact));
    return this.#finish(marks, scope, returned);
  }

  #finish(marks: Marks, { draft, trace }: Scope<Native>, returned: unknown): void {
    const { plan, emitter, handlers, probe } = this.#context;
    probe("handled");
    const { begins, name } = plan.service;
    if (!Fact.is(returned) || !begins.some(({ type }) => type === returned.type))
      throw undeclaredBeginning(name, begins, returned);
    const { sagaId } = this.receipt;
    const event = emitter.wrap(this.#origin(trace), returned, this.#id);
    const effect = stemOf(event.type);
    draft.enqueue.push(...emitter.inAllVersions([event]));
    draft.marks.push({ sagaId, name: effect, state: EFFECT_STATE.done });
    touchDeadlines(plan.beginDeadlines, marks, [event], draft);
    const entry = Delivery.of(BEGINNING, event, FIRST).entry("begun", effect, [event]);
    draft.journal.push({ ...entry, durationMs: handlers.elapsedMs(draft) });
    this.begun = { sagaId, begun: true, event };
  }

  #origin(trace: Partial<TraceContext> = this.trace): Omit<Origin, "born"> {
    const { sagaId, source } = this.receipt;
    const { correlationId = sagaId } = this.#options;
    const cause = { source, id: this.#id, causationId: undefined };
    return { consumer: BEGINNING, ...cause, sagaId, correlationId, trace };
  }
}

function undeclaredBeginning(
  service: string,
  begins: readonly EventContract[],
  returned: unknown,
): OdoriError {
  const what = Fact.is(returned) ? returned.type : quote(returned);
  const types = begins.map(({ type }) => type).join(" or ");
  return new OdoriError("UNDECLARED_OUTCOME", `${service} began a saga with ${what}.`, {
    hint: begins.length === 0 ? "Declare it with .begins(…)." : `It begins sagas with ${types}.`,
  });
}
