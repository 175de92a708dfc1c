import type { DeadlineDeclaration } from "../choreography/declaration.ts";
import type { EventEnvelope, MessageHead } from "../contract/envelope.ts";
import { storedName, watchName } from "../contract/names.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Attempt } from "./attempt.ts";
import { touchDeadlines } from "./deadlines.ts";
import { Delivery } from "./delivery.ts";
import { markForgotten } from "./forgotten.ts";
import { Marks } from "./marks.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

/** Arms or disarms a deadline by an event that the service heard. */
export class WatchTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly cause: MessageHead;
  readonly #context: TaskContext<Native>;
  readonly #deadline: DeadlineDeclaration<Native>;
  readonly #event: EventEnvelope;
  readonly #delivery: Delivery;

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
    this.#delivery = Delivery.of(watchName(storedName(deadline)), event, attempt);
    this.receipt = this.#delivery.receipt();
    this.fields = this.#delivery.fields;
  }

  run(received: Received, { draft }: Scope<Native>): void {
    if (received.status === "duplicate") draft.duplicates.push(this.receipt);
    if (received.status === "duplicate" || received.status === "gone") return;
    markForgotten(this.#context, received, this.receipt, draft);
    const marks = new Marks(received);
    const change = touchDeadlines([this.#deadline], marks, [this.#event], draft);
    draft.finish(this.#delivery.entry(change ?? "suppressed"), this.#delivery.attempt);
  }
}
