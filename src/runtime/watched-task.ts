import type { MessageHead } from "../contract/envelope.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { Environment } from "../ports/environment.ts";
import type { LogFields } from "../ports/logger.ts";
import type { DeliveryEnd, DeliveryWatch, ServiceWatch } from "../ports/telemetry.ts";
import type { Draft } from "./draft.ts";
import { PutOffError } from "./put-off.ts";
import type { Scope } from "./scope.ts";
import type { Completion, Task } from "./task.ts";

const NOTHING: DeliveryEnd = {
  disposition: undefined,
  effect: undefined,
  emitted: [],
  error: undefined,
};

/** Watches one delivery over all of its runs, and tells how it ended once that is committed. */
class Watching implements Completion {
  readonly #open: (received: Received) => DeliveryWatch;
  readonly #completion: Completion;
  #watch: DeliveryWatch | undefined;
  #end = NOTHING;

  constructor(
    open: (received: Received) => DeliveryWatch,
    completion: Completion,
    watch?: DeliveryWatch,
  ) {
    this.#open = open;
    this.#completion = completion;
    this.#watch = watch;
  }

  open(received: Received): DeliveryWatch {
    this.#watch ??= this.#open(received);
    return this.#watch;
  }

  /** Takes what a run has drafted; undefined where it had nothing to do. */
  ran(draft: Draft | undefined): void {
    const entry = draft?.journal[0] ?? draft?.amend[0];
    if (draft === undefined || entry === undefined) this.#end = NOTHING;
    else
      this.#end = {
        disposition: entry.disposition,
        effect: entry.effect,
        emitted: entry.emitted.map(({ type }) => type),
        error: failedWith(draft.notices[0]?.error),
      };
  }

  done(): void {
    this.#watch?.ended(this.#end);
    this.#completion.done();
  }

  failed(error: unknown): void {
    this.#watch?.ended({ ...NOTHING, error });
    this.#completion.failed(error);
  }
}

/** What is put off has not failed. */
const failedWith = (error: unknown) => (error instanceof PutOffError ? undefined : error);

/** A task whose runs are watched; one that recovers it has the same watch. */
class WatchedTask<Native> implements Task<Native> {
  readonly receipt: Receipt;
  readonly fields: LogFields;
  readonly cause: MessageHead | undefined;
  readonly completion: Completion;
  /** Absent where the task itself has none: the worker takes that for a beginning. */
  readonly recover?: (error: unknown) => Task<Native>;
  readonly #task: Task<Native>;
  readonly #watching: Watching;

  constructor(task: Task<Native>, watching: Watching) {
    this.receipt = task.receipt;
    this.fields = task.fields;
    this.cause = task.cause;
    this.completion = watching;
    this.#task = task;
    this.#watching = watching;
    const recover = task.recover?.bind(task);
    if (recover !== undefined) this.recover = (error) => new WatchedTask(recover(error), watching);
  }

  run(received: Received, scope: Scope<Native>): void | Promise<void> {
    const watching = this.#watching;
    if (received.status === "duplicate" || received.status === "gone") {
      watching.ran(undefined);
      return this.#task.run(received, scope);
    }
    const watch = watching.open(received);
    scope.trace = watch.trace;
    const running = watch.run(() => this.#task.run(received, scope)) ?? undefined;
    if (running !== undefined) return running.then(() => watching.ran(scope.draft));
    watching.ran(scope.draft);
  }
}

/** Has the runs of a delivery watched. */
export function watchDelivery<Native>(
  watch: ServiceWatch,
  environment: Environment,
  task: Task<Native>,
): Task<Native> {
  const { receipt, fields, cause } = task;
  const open = ({ gathered }: Received) => {
    const message: MessageHead = cause ?? receipt;
    return watch.delivery({
      reaction: receipt.reaction,
      message,
      gathered: gathered.flatMap(({ event }) => (event.id === message.id ? [] : [event])),
      attempt: fields.attempt ?? 1,
      lagMs: receipt.deferred === undefined ? lagOf(message, environment) : undefined,
    });
  };
  return new WatchedTask(task, new Watching(open, task.completion));
}

/** Has a beginning watched from now on, in the context of its caller. */
export function watchBeginning<Native>(watch: DeliveryWatch, task: Task<Native>): Task<Native> {
  return new WatchedTask(task, new Watching(() => watch, task.completion, watch));
}

/** Clocks of two machines differ, so an event may seem to come before it was emitted. */
function lagOf({ time }: MessageHead, environment: Environment): number | undefined {
  const emitted = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(emitted) ? undefined : Math.max(0, environment.now() - emitted);
}
