import type { Incoming } from "../ports/bus.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { Joined, Store } from "../ports/store.ts";
import type { ServiceWatch } from "../ports/telemetry.ts";
import { type BeginOptions, BeginTask, type Begun } from "./begin.ts";
import type { Caution } from "./caution.ts";
import type { Endings } from "./endings.ts";
import { tasksOf } from "./intake.ts";
import { runJoined } from "./joined.ts";
import { deferredTask } from "./resume.ts";
import type { Completion, Task } from "./task.ts";
import type { TaskContext } from "./task-context.ts";
import { watchBeginning, watchDelivery } from "./watched-task.ts";
import type { Worker } from "./worker.ts";

/** A retry of a deferred delivery whose database was away. */
const RESUME_MS = 1_000;

interface EntranceParts<Native> {
  readonly context: TaskContext<Native>;
  readonly store: Store<Native>;
  readonly worker: Worker<Native>;
  readonly endings: Endings;
  readonly caution: Caution;
  readonly watch: ServiceWatch | undefined;
  /** Whether the service runs: a deferred delivery is then tried again. */
  isReady(): boolean;
}

/** Makes tasks of messages, of deferred deliveries and of beginnings, and has them handled. */
export class Entrance<Native> {
  readonly #parts: EntranceParts<Native>;

  constructor(parts: EntranceParts<Native>) {
    this.#parts = parts;
  }

  /** Begins a saga, in a transaction of the caller if `within` is one. */
  async begin(
    sagaId: string,
    work: (tx: Native) => unknown,
    options: BeginOptions,
    within: Joined<Native> | undefined,
  ): Promise<Begun> {
    const { context, store, endings, watch } = this.#parts;
    const make = (completion: Completion) => {
      const task = new BeginTask(context, sagaId, work, options, completion);
      const { correlationId = sagaId } = options;
      const { trace } = task;
      const watched = watch?.beginning({ sagaId, correlationId, trace });
      return { task, watched: watched === undefined ? task : watchBeginning(watched, task) };
    };
    if (within !== undefined) {
      const { task, watched } = make({ done: () => {}, failed: () => {} });
      try {
        await runJoined(store.join(within), watched, context.probe);
      } catch (error) {
        watched.completion.failed(error);
        throw error;
      }
      watched.completion.done();
      return task.begun;
    }
    return new Promise((resolve, reject) => {
      const done = endings.after(
        () => sagaId,
        () => resolve(task.begun),
      );
      const { task, watched } = make({ done, failed: reject });
      this.#add(watched);
    });
  }

  /** Resolves once each reaction that hears the message has committed. */
  deliver(incoming: Incoming): Promise<void> {
    const { context, caution, watch } = this.#parts;
    context.probe("received");
    watch?.received("malformed" in incoming ? incoming.topic : incoming.type);
    const careful = caution.isOn(context.environment.now());
    const tasks = tasksOf(context, incoming, careful);
    const [first, ...others] = tasks.map((make) => this.#handled(make));
    return others.length === 0
      ? (first ?? Promise.resolve())
      : Promise.all([first, ...others]).then(() => {});
  }

  /** Handles a deferred delivery that is due, again and again while the database is away. */
  resume(deferred: Deferred, settled: () => void): void {
    const { context, endings, isReady } = this.#parts;
    const again = () => {
      if (isReady()) this.resume(deferred, settled);
    };
    const failed = () => {
      context.environment.timer(RESUME_MS, again);
    };
    const done = endings.after(() => deferred.sagaId, settled);
    this.#add(this.#watched(deferredTask(context, deferred, { done, failed })));
  }

  #handled(make: (completion: Completion) => Task<Native>): Promise<void> {
    return new Promise((resolve, failed) => {
      const done = this.#parts.endings.after(() => task.receipt.sagaId, resolve);
      const task = make({ done, failed });
      this.#add(this.#watched(task));
    });
  }

  #watched(task: Task<Native>): Task<Native> {
    const { watch, context } = this.#parts;
    return watch === undefined ? task : watchDelivery(watch, context.environment, task);
  }

  /** A lane goes on after the call that has woken it: it must not run in the span of a caller. */
  #add(task: Task<Native>): void {
    const { watch, worker } = this.#parts;
    if (watch === undefined) worker.add(task);
    else watch.apart(() => worker.add(task));
  }
}
