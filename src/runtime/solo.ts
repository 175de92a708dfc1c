import type { EventEnvelope } from "../contract/envelope.ts";
import { messageOf, OdoriError } from "../contract/errors.ts";
import type { Received, Written } from "../ports/bookkeeping.ts";
import type { Environment } from "../ports/environment.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import type { Store } from "../ports/store.ts";
import type { DetachedTransaction, HandlerScope } from "../ports/transaction.ts";
import type { Probe } from "./crash-points.ts";
import type { DetachedRun } from "./detached-run.ts";
import { Draft, type Notice } from "./draft.ts";
import type { Loss } from "./losses.ts";
import type { HandOver } from "./publisher.ts";
import { Scope } from "./scope.ts";
import type { Task } from "./task.ts";

/** What a run by itself has come to. */
export type SoloResult<Native> =
  | {
      readonly kind: "committed";
      readonly handOver: HandOver | undefined;
      /** Deliveries that failed or were parked, for the log. */
      readonly notices: readonly Notice[];
      readonly nextDueMs: number | undefined;
      /** How long the handler took, in milliseconds; undefined where it was not measured. */
      readonly handlerMs: number | undefined;
    }
  /** No handler has to run: a commit group records it. */
  | { readonly kind: "settled" }
  /** The saga has changed meanwhile, or another transaction was in the way: run it again. */
  | { readonly kind: "again" }
  /** The handler's connection was lost: run it again, unless that happens each time. */
  | { readonly kind: "lost"; readonly error: unknown }
  /** The database cannot be used: the handler has done nothing wrong. */
  | { readonly kind: "unavailable"; readonly error: StoreUnavailableError }
  | {
      readonly kind: "failed";
      readonly error: unknown;
      readonly recovery: Task<Native> | undefined;
    };

/** Thrown inside a transaction to undo it: the saga is not as the handler saw it. */
class Outdated extends Error {}

export interface SoloParts<Native> {
  readonly store: Store<Native>;
  readonly environment: Environment;
  readonly probe: Probe;
  /** Told of each run before its handler is called, so that it can be given up. */
  onRun(task: Task<Native>, scope: Scope<Native>): void;
}

/**
 * Runs one task in a transaction of its own, which opens when its handler first uses it. With
 * `loss`, the delivery has failed with it: that is recorded once the database answers.
 */
export async function runAlone<Native>(
  parts: SoloParts<Native>,
  task: Task<Native>,
  loss?: Loss,
): Promise<SoloResult<Native>> {
  const { store, environment } = parts;
  let received: Received | undefined;
  try {
    [received] = await store.transaction((tx) => tx.receive([task.receipt]));
  } catch (error) {
    return failed(task, error, "store");
  }
  if (received === undefined || received.status === "busy") return { kind: "again" };
  if (received.status !== "fresh") return { kind: "settled" };
  if (loss !== undefined) return failed(task, loss.error, "handler");
  const tx = store.detached();
  const scope = new Scope(tx, new Draft());
  parts.onRun(task, scope);
  const began = environment.now();
  let handlerMs: number | undefined;
  const running = call(task, received, scope).finally(() => {
    handlerMs = environment.now() - began;
  });
  const result = await finish(parts, { task, received, scope, running, tx });
  return result.kind === "committed" ? { ...result, handlerMs } : result;
}

/**
 * Runs one task in a transaction that is open from the beginning, so that nothing can come between:
 * for a task that has met another transaction before. With `patient`, it runs again if it meets
 * one again; else that is a failure, as if the handler's own SQL had raised it.
 */
export async function runExclusively<Native>(
  { store, probe, onRun }: SoloParts<Native>,
  task: Task<Native>,
  { patient }: { readonly patient: boolean },
): Promise<SoloResult<Native>> {
  const draft = new Draft();
  let source: "store" | "handler" = "store";
  let handler: HandlerScope<Native> | undefined;
  let ended: HandlerScope<Native>["ended"];
  try {
    return await store.transaction(async (tx) => {
      probe("opened");
      const [received] = await tx.receive([task.receipt]);
      if (received === undefined || received.status === "busy") return { kind: "again" };
      if (received.status !== "fresh") return { kind: "settled" };
      probe("looked_up");
      handler = tx.scope({ exclusive: true });
      const scope = new Scope(handler, draft);
      onRun(task, scope);
      source = "handler";
      await task.run(received, scope);
      await handler.keep();
      source = "store";
      ({ ended } = handler);
      const written = await tx.write(draft, { last: true });
      probe("written");
      return committed(draft, written);
    });
  } catch (error) {
    if (handler?.lost === true) return { kind: "lost", error };
    if (patient && handler?.contended === true) return { kind: "again" };
    if (ended !== undefined) return afterEnding(task, ended, error);
    return failed(task, error, source);
  }
}

async function call<Native>(
  task: Task<Native>,
  received: Received,
  scope: Scope<Native>,
): Promise<void> {
  await task.run(received, scope);
}

/** Waits for a detached handler, checks that its saga is as the handler saw it, and commits. */
export async function finish<Native>(
  { probe }: SoloParts<Native>,
  { task, received, scope, running, tx }: DetachedRun<Native>,
): Promise<SoloResult<Native>> {
  const { draft } = scope;
  try {
    await running;
  } catch (error) {
    const { contended, lost = false } = tx;
    const unavailable = await giveUp(tx);
    if (unavailable !== undefined) return { kind: "unavailable", error: unavailable };
    if (lost) return { kind: "lost", error };
    // Another transaction was in the way, even if the handler threw an error of its own.
    return contended ? { kind: "again" } : failed(task, error, "handler");
  }
  const { ended } = tx;
  try {
    const done = await tx.complete(async (transaction) => {
      probe("opened");
      const [now] = await transaction.receive([task.receipt]);
      if (now === undefined || !isSame(now, received)) throw new Outdated();
      probe("looked_up");
      const written = await transaction.write(draft, { last: true });
      probe("written");
      return written;
    });
    return committed(draft, done);
  } catch (error) {
    const { contended, lost = false } = tx;
    await giveUp(tx);
    if (lost) return { kind: "lost", error };
    if (ended !== undefined) return afterEnding(task, ended, error);
    if (error instanceof Outdated || contended) return { kind: "again" };
    return failed(task, error, "store");
  }
}

/**
 * The connection of a handler has ended before the bookkeeping came. After a time limit that is an
 * attempt, since each run may take as long; else the database may have been away.
 */
function afterEnding<Native>(
  task: Task<Native>,
  ended: "timeout" | "lost",
  cause: unknown,
): SoloResult<Native> {
  const error = new OdoriError(
    "TRANSACTION_ENDED",
    `The handler's transaction ended while the handler ran: ${messageOf(cause)}`,
    {
      cause,
      hint: "Call other systems before the first statement: a transaction may be idle for 60 s.",
    },
  );
  return ended === "lost" ? { kind: "lost", error } : failed(task, error, "handler");
}

/** Only the store may say that it is unavailable: a handler may throw the error of another one. */
function failed<Native>(
  task: Task<Native>,
  error: unknown,
  source: "store" | "handler",
): SoloResult<Native> {
  if (source === "store" && error instanceof StoreUnavailableError)
    return { kind: "unavailable", error };
  return { kind: "failed", error, recovery: task.recover?.(error) };
}

/** Undoes what a handler wrote. Returns why its transaction could not be opened, if so. */
async function giveUp<Native>(
  tx: DetachedTransaction<Native>,
): Promise<StoreUnavailableError | undefined> {
  try {
    await tx.abandon();
    return undefined;
  } catch (error) {
    if (error instanceof StoreUnavailableError) return error;
    throw error;
  }
}

function committed(draft: Draft, written: Written) {
  const { ticket } = written;
  return {
    kind: "committed" as const,
    handOver: ticket === undefined ? undefined : { ticket, events: draft.enqueue },
    notices: draft.noticesOf(written),
    handlerMs: undefined,
    nextDueMs: draft.nextDueMs(written),
  };
}

function isSame(now: Received, before: Received): boolean {
  if (now.status !== before.status || now.marks.size !== before.marks.size) return false;
  if (now.gathered.length !== before.gathered.length || now.found !== before.found) return false;
  if (now.gathered.some(({ event }, at) => !isOne(event, before.gathered[at]?.event))) return false;
  for (const [name, state] of now.marks) if (before.marks.get(name) !== state) return false;
  return true;
}

function isOne(event: EventEnvelope, other: EventEnvelope | undefined): boolean {
  return event.id === other?.id && event.source === other.source && event.type === other.type;
}

/** The reason with which `stop` ends the handlers that still run. */
export function stopping(service: string): OdoriError {
  return new OdoriError("STOPPED", `The service ${service} is stopping.`, {
    hint: "The delivery is not acknowledged, and comes again.",
  });
}
