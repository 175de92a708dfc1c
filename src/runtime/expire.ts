import type { DeadlineDeclaration } from "../choreography/declaration.ts";
import type { EventEnvelope, MessageHead } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { storedName } from "../contract/names.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Attempt } from "./attempt.ts";
import { callsOff, touchDeadlines } from "./deadlines.ts";
import { Delivery } from "./delivery.ts";
import { toFacts } from "./emit.ts";
import { deadlineTarget, type Failure, FailureTask } from "./failure.ts";
import { Marks } from "./marks.ts";
import { parsed } from "./parse.ts";
import { deadlineMark, touching } from "./plan.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

/** A deadline that has passed. `event` is the one that armed it, as it was received. */
export class ExpireTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly cause: MessageHead;
  readonly #context: TaskContext<Native>;
  readonly #deadline: DeadlineDeclaration<Native>;
  readonly #event: EventEnvelope;
  readonly #delivery: Delivery;
  /** Other deadlines, which this one arms or disarms. */
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
    this.completion = completion;
    this.cause = event;
    this.#touched = touching(context.plan.service, [deadline.emits]).filter(
      (other) => other !== deadline,
    );
    this.#delivery = Delivery.of(storedName(deadline), event, attempt);
    this.receipt = this.#delivery.receipt({ seeks: callsOff(deadline) });
    this.fields = this.#delivery.fields;
  }

  run(received: Received, scope: Scope<Native>): void | Promise<void> {
    if (received.status !== "fresh") return;
    const { refused } = this.#delivery.attempt;
    if (refused !== undefined) throw refused;
    const marks = new Marks(received);
    const mark = deadlineMark(this.#deadline);
    if (marks.of(mark) !== "armed" || received.found) {
      const { sagaId } = this.#event;
      if (received.found) scope.draft.marks.push({ sagaId, name: mark, state: "disarmed" });
      scope.draft.finish(this.#delivery.entry("suppressed"), this.#delivery.attempt);
      return;
    }
    const { armedBy } = this.#deadline;
    const event = parsed(this.#event, armedBy);
    const { number } = this.#delivery.attempt;
    const returned = this.#context.handlers.call(scope, number, this.fields, (context) =>
      this.#deadline.handle(event, context),
    );
    if (returned instanceof Promise)
      return returned.then((value) => this.#finish(received, marks, scope, value));
    return this.#finish(received, marks, scope, returned);
  }

  recover(error: unknown): Task<Native> {
    const target = deadlineTarget(this.#context.plan.service, this.#deadline);
    const failure = { delivery: this.#delivery, ...this.#payload(), error };
    return new FailureTask(this.#context, target, failure, this.completion);
  }

  /** The handler may have changed what it was given: `onParked` gets the payload as it came. */
  #payload(): Pick<Failure, "event" | "valid"> {
    try {
      return { event: parsed(this.#event, this.#deadline.armedBy), valid: true };
    } catch {
      return { event: this.#event, valid: false };
    }
  }

  #finish(received: Received, marks: Marks, scope: Scope<Native>, returned: unknown): void {
    const { draft, trace } = scope;
    const { plan, emitter, handlers, probe, environment } = this.#context;
    probe("handled");
    const facts = toFacts(returned);
    const { name, emits } = this.#deadline;
    if (facts.length !== 1 || facts[0]?.type !== emits.type) {
      throw new OdoriError(
        "UNDECLARED_OUTCOME",
        `The deadline ${name} returned an outcome other than ${emits.type}.`,
      );
    }
    const consumer = `${plan.service.name}/${storedName(this.#deadline)}`;
    const origin = this.#delivery.origin(consumer, received, environment.now(), { trace });
    const events = emitter.derive(origin, facts);
    const { sagaId } = this.#event;
    draft.enqueue.push(...emitter.inAllVersions(events));
    draft.marks.push({ sagaId, name: deadlineMark(this.#deadline), state: "fired" });
    touchDeadlines(this.#touched, marks, events, draft);
    const entry = this.#delivery.entry("expired", undefined, events);
    const durationMs = handlers.elapsedMs(draft);
    draft.finish({ ...entry, durationMs }, this.#delivery.attempt);
  }
}
