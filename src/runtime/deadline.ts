import type { DeadlineDeclaration } from "../choreography/declaration.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Draft } from "./draft.ts";
import { emissionsOf, toFacts, touchDeadlines } from "./emit.ts";
import { FailureTask } from "./failure.ts";
import { deadlineMark, touching } from "./plan.ts";
import type { Scope, Task } from "./task.ts";
import type { Attempt, Completion, TaskContext } from "./task-context.ts";

/** Arms or calls off a deadline by an event that the service heard. */
export class WatchTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly #deadline: DeadlineDeclaration<Native>;
  readonly #event: EventEnvelope;
  readonly completion: Completion;

  constructor(deadline: DeadlineDeclaration<Native>, event: EventEnvelope, completion: Completion) {
    this.#deadline = deadline;
    this.#event = event;
    this.completion = completion;
    const { source, id, sagaId, correlationId } = event;
    const reaction = `watch ${deadline.name}`;
    this.receipt = {
      reaction,
      source,
      id,
      sagaId,
      marks: [deadlineMark(deadline)],
      gathers: false,
      deferred: undefined,
    };
    this.fields = { reaction, sagaId, correlationId, eventId: id };
  }

  run({ status, marks }: Received, { draft }: Scope<Native>): void {
    if (status === "duplicate") return;
    const change = touchDeadlines([this.#deadline], marks, [this.#event], draft);
    const { reaction, source, id, sagaId } = this.receipt;
    const { type, causationId } = this.#event;
    draft.journal.push({
      reaction,
      source,
      id,
      type,
      sagaId,
      causationId,
      disposition: change ?? "suppressed",
      effect: undefined,
      emitted: [],
    });
  }

  done(): void {
    this.completion.done();
  }

  failed(error: unknown): void {
    this.completion.failed(error);
  }
}

/** A deadline that has passed. `event` is what it was armed by. */
export class ExpireTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly #context: TaskContext<Native>;
  readonly #deadline: DeadlineDeclaration<Native>;
  readonly #event: EventEnvelope;
  readonly #attempt: Attempt;
  readonly completion: Completion;
  /** Other deadlines, which this one arms or calls off. */
  readonly #touched: readonly DeadlineDeclaration<Native>[];

  constructor(
    context: TaskContext<Native>,
    deadline: DeadlineDeclaration<Native>,
    event: EventEnvelope,
    attempt: Attempt,
    completion: Completion,
  ) {
    this.#context = context;
    this.#deadline = deadline;
    this.#event = event;
    this.#attempt = attempt;
    this.completion = completion;
    this.#touched = touching(context.plan.service, [deadline.emits]).filter(
      (other) => other !== deadline,
    );
    const marks = [deadline, ...this.#touched].map(deadlineMark);
    const { source, id, sagaId, correlationId } = event;
    this.receipt = {
      reaction: deadline.name,
      source,
      id,
      sagaId,
      marks,
      gathers: false,
      deferred: attempt.deferred,
    };
    this.fields = { reaction: deadline.name, sagaId, correlationId, eventId: id };
  }

  run(received: Received, scope: Scope<Native>): void | Promise<void> {
    if (received.status !== "fresh") return;
    if (received.marks[0] !== "armed") return this.#record(scope.draft, "suppressed", []);
    const { handlers } = this.#context;
    const returned = handlers.call(scope.tx, this.#attempt.number, this.fields, (context) =>
      this.#deadline.handle(this.#event, context),
    );
    if (returned instanceof Promise)
      return returned.then((value) => this.#finish(received, scope.draft, value));
    return this.#finish(received, scope.draft, returned);
  }

  recover(error: unknown): Task<Native> {
    const target = { name: this.#deadline.name, onParked: undefined, deadlines: [] };
    return new FailureTask(
      this.#context,
      target,
      { event: this.#event, valid: true, error, attempt: this.#attempt },
      this.completion,
    );
  }

  #finish(received: Received, draft: Draft, returned: unknown): void {
    const { plan, emitter, probe } = this.#context;
    probe("handled");
    const facts = toFacts(returned);
    const { type } = this.#deadline.emits;
    if (facts.length !== 1 || facts[0]?.type !== type) {
      throw new OdoriError(
        "UNDECLARED_OUTCOME",
        `The deadline ${this.#deadline.name} returned something else than ${type}.`,
      );
    }
    const { source, id, sagaId, correlationId, traceparent } = this.#event;
    const consumer = `${plan.service.name}/${this.#deadline.name}`;
    const events = emitter.derive(
      { consumer, source, id, sagaId, correlationId, causationId: id, traceparent },
      facts,
    );
    draft.enqueue.push(...events);
    draft.marks.push({ sagaId, name: deadlineMark(this.#deadline), state: "fired" });
    touchDeadlines(this.#touched, received.marks.slice(1), events, draft);
    this.#record(draft, "expired", events);
  }

  #record(
    draft: Draft,
    disposition: "expired" | "suppressed",
    events: readonly EventEnvelope[],
  ): void {
    const { reaction, source, id, sagaId } = this.receipt;
    const { type, causationId } = this.#event;
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
    };
    draft.finish(entry, this.#attempt);
  }
}
