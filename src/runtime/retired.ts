import { markOf } from "../contract/names.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Delivery } from "./delivery.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";

/** Drops a deferred delivery of a part that the service has retired; its inbox row stays. */
export class RetiredTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly #delivery: Delivery;
  readonly #state: Deferred["state"];

  constructor(delivery: Delivery, state: Deferred["state"], completion: Completion) {
    this.#delivery = delivery;
    this.#state = state;
    this.completion = completion;
    this.receipt = delivery.receipt();
    this.fields = delivery.fields;
  }

  run({ status }: Received, { draft }: Scope<Native>): void {
    if (status !== "fresh") return;
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
