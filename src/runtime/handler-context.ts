import type { Context } from "../choreography/context.ts";
import { adopt } from "../contract/adopt.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Environment } from "../ports/environment.ts";
import { type LogFields, type Logger, withFields } from "../ports/logger.ts";
import type { Draft } from "./draft.ts";
import type { Scope } from "./scope.ts";

/** Calls handlers, and makes the context that each is given. */
export class Handlers {
  readonly #environment: Environment;
  readonly #common: CommonParts;
  readonly #timeoutMs: number;
  readonly #running = new Set<HandlerContext<unknown>>();

  constructor(environment: Environment, logger: Logger, timeoutMs: number) {
    this.#environment = environment;
    this.#timeoutMs = timeoutMs;
    this.#common = {
      logger,
      now: () => new Date(environment.now()),
      random: () => environment.random(),
      uuid: () => environment.uuid(),
    };
  }

  /**
   * Calls a handler. After `timeoutMs` it aborts the handler's signal and fails with
   * `HANDLER_TIMEOUT`; the transaction is then rolled back, and refuses later statements.
   */
  call<Native, T>(
    scope: Scope<Native>,
    attempt: number,
    fields: LogFields,
    work: (context: Context<Native>) => T | Promise<T>,
  ): T | Promise<T> {
    const context = new HandlerContext(scope.tx, attempt, fields, this.#common);
    scope.draft.began = this.#environment.now();
    let returned: T | Promise<T>;
    const ended = () => scope.returned((error) => this.#stray(fields, error));
    try {
      returned = adopt(work(context));
    } catch (error) {
      ended();
      throw readable(error);
    }
    if (returned instanceof Promise) return this.#withinTime(returned, ended, context, scope);
    ended();
    const sent = scope.sent();
    if (sent === undefined) return returned;
    const value = returned;
    const all = sent.then(() => value);
    return this.#withinTime(all, () => {}, context, scope);
  }

  /** How long the handler of a draft has run, in milliseconds; undefined if none was called. */
  elapsedMs({ began }: Draft): number | undefined {
    return began === undefined ? undefined : Math.max(0, this.#environment.now() - began);
  }

  /** Aborts the signals of all handlers that still run. */
  abort(reason: unknown): void {
    for (const context of this.#running) context.abort(reason);
  }

  #stray(fields: LogFields, error: OdoriError): void {
    const what = "a statement came after its handler had returned";
    this.#common.logger.error(what, { ...fields, code: error.code, error });
  }

  #withinTime<T>(
    returned: Promise<T>,
    ended: () => void,
    context: HandlerContext<unknown>,
    scope: Scope<unknown>,
  ): Promise<T> {
    this.#running.add(context);
    return new Promise((resolve, reject) => {
      const end = () => {
        cancel();
        this.#running.delete(context);
      };
      const cancel = this.#environment.timer(this.#timeoutMs, () => {
        const error = new OdoriError(
          "HANDLER_TIMEOUT",
          `The handler has not returned within ${this.#timeoutMs} ms.`,
          {
            hint: "Pass ctx.signal to each wait, and return an event instead of calling begin.",
          },
        );
        this.#running.delete(context);
        context.abort(error);
        reject(error);
      });
      const failed = (error: unknown) => {
        end();
        reject(readable(error));
      };
      scope.onCancel((reason) => {
        end();
        context.abort(reason);
        reject(reason);
      });
      returned.then(
        (value) => {
          ended();
          const sent = scope.sent();
          if (sent === undefined) {
            end();
            resolve(value);
          } else
            sent.then(() => {
              end();
              resolve(value);
            }, failed);
        },
        (error: unknown) => {
          ended();
          failed(error);
        },
      );
    });
  }
}

/**
 * Returns what a handler threw, or an error in its place if merely looking at it throws: a proxy,
 * or an error whose getters do.
 */
function readable(thrown: unknown): unknown {
  try {
    if (!(thrown instanceof Error)) return thrown;
    void [thrown.name, thrown.message, thrown.stack, thrown.cause];
    return thrown;
  } catch {
    return new OdoriError("HANDLER_FAILED", "The handler threw a value that cannot be read.");
  }
}

/**
 * Functions that are the same for every handler. They are no methods: handlers take them out of the
 * context.
 */
interface CommonParts extends Pick<Context<unknown>, "now" | "random" | "uuid"> {
  readonly logger: Logger;
}

/** What few handlers use is made when it is asked for. */
class HandlerContext<Native> implements Context<Native> {
  readonly tx: Native;
  readonly attempt: number;
  readonly now: () => Date;
  readonly random: () => number;
  readonly uuid: () => string;
  readonly #fields: LogFields;
  readonly #logger: Logger;
  #controller: AbortController | undefined;
  /** Why the signal is aborted; undefined before. */
  #aborted: { readonly reason: unknown } | undefined;

  constructor(
    tx: Native,
    attempt: number,
    fields: LogFields,
    { now, random, uuid, logger }: CommonParts,
  ) {
    this.tx = tx;
    this.attempt = attempt;
    this.now = now;
    this.random = random;
    this.uuid = uuid;
    this.#fields = fields;
    this.#logger = logger;
  }

  get log(): Logger {
    return withFields(this.#logger, { ...this.#fields, attempt: this.attempt });
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }
}
