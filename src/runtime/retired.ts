import type { MessageHead } from "../contract/envelope.ts";
import { markOf } from "../contract/names.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Delivery } from "./delivery.ts";
import { markForgotten } from "./forgotten.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

/** Drops a deferred delivery of a part that the service has retired; its inbox row stays. */
export class RetiredTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly cause: MessageHead;
  readonly #context: TaskContext<Native>;
  readonly #delivery: Delivery;
  readonly #state: Deferred["state"];

  constructor(
    context: TaskContext<Native>,
    delivery: Delivery,
    state: Deferred["state"],
    completion: Completion,
  ) {
    this.#context = context;
    this.#delivery = delivery;
    this.cause = delivery.message;
    this.#state = state;
    this.completion = completion;
    this.receipt = delivery.receipt();
    this.fields = delivery.fields;
  }

  run(received: Received, { draft }: Scope<Native>): void {
    if (received.status !== "fresh") return;
    markForgotten(this.#context, received, this.receipt, draft);
    const { reaction, message, attempt } = this.#delivery;
    if (this.#state === "armed")
      draft.marks.push({
        sagaId: message.sagaId,
        name: markOf("deadline", reaction),
        state: "disarmed",
      });
    draft.finish(this.#delivery.entry("suppressed"), attempt);
  }
}
