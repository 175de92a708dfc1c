import type { Context } from "../choreography/context.ts";
import { OdoriError } from "../contract/errors.ts";
import type { Environment } from "../ports/environment.ts";
import { type LogFields, type Logger, withFields } from "../ports/logger.ts";

/** Makes what handlers are given. What few of them use is made when it is asked for. */
export class Contexts {
  readonly #environment: Environment;
  readonly #logger: Logger;
  readonly #timeoutMs: number;

  constructor(environment: Environment, logger: Logger, timeoutMs: number) {
    this.#environment = environment;
    this.#logger = logger;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Calls a handler; when it takes longer than it may, aborts its signal and fails with `HANDLER_TIMEOUT`. The transaction is then rolled
   * back and closed, so whatever the handler still writes is refused.
   */
  call<Native, T>(tx: Native, attempt: number, fields: LogFields, work: (context: Context<Native>) => T | Promise<T>): T | Promise<T> {
    const environment = this.#environment;
    const logger = this.#logger;
    let controller: AbortController | undefined;
    const signal = () => {
      controller ??= new AbortController();
      return controller.signal;
    };
    const returned = work({
      tx,
      attempt,
      now: () => new Date(environment.now()),
      random: () => environment.random(),
      uuid: () => environment.uuid(),
      get log() {
        return withFields(logger, { ...fields, attempt });
      },
      get signal() {
        return signal();
      },
    });
    if (!(returned instanceof Promise)) return returned;
    return this.#withinTime(returned, (error) => controller?.abort(error));
  }

  #withinTime<T>(returned: Promise<T>, abort: (error: OdoriError) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#environment.timer(this.#timeoutMs, () => {
        const error = new OdoriError("HANDLER_TIMEOUT", `The handler has not returned within ${this.#timeoutMs} ms.`, {
          mend: "Pass ctx.signal to what it waits for, and do not call begin() from inside a handler: return an event.",
        });
        abort(error);
        reject(error);
      });
      returned.then(resolve, reject).finally(cancel);
    });
  }
}
