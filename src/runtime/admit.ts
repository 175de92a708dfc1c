import type { MessageHead } from "../contract/envelope.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import { FIRST } from "./attempt.ts";
import type { Delivery } from "./delivery.ts";
import { markForgotten } from "./forgotten.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";

/**
 * Takes a delivery from the bus into the database, to be claimed and run from there: a process that
 * then dies has left a trace of the attempt.
 */
export class AdmitTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly completion: Completion;
  readonly cause: MessageHead;
  readonly #context: TaskContext<Native>;
  readonly #delivery: Delivery;

  constructor(context: TaskContext<Native>, delivery: Delivery, completion: Completion) {
    this.#context = context;
    this.completion = completion;
    this.#delivery = delivery;
    this.cause = delivery.message;
    this.receipt = this.#delivery.receipt();
    this.fields = this.#delivery.fields;
  }

  run(received: Received, { draft }: Scope<Native>): void {
    const { status } = received;
    if (status !== "fresh" && status !== "blocked") return;
    markForgotten(this.#context, received, this.receipt, draft);
    const state = status === "fresh" ? "retrying" : "waiting";
    const row = this.#delivery.deferral({ state, problem: undefined });
    draft.putOff(this.#delivery.entry(state), row, FIRST, undefined);
  }
}
