/** What `await` calls of a promise of a class of its own. */
const ON_AWAIT = "then";

/**
 * The reply to a statement that has run. It knows whether it was awaited, since `await` of a
 * promise of a class of its own calls `then`. A failure that is not awaited does not end the
 * process.
 */
export class Reply<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly failure: unknown;
  readonly #onAwait: () => void;

  constructor(run: () => T, onAwait: () => void) {
    let failure: unknown;
    super((resolve, reject) => {
      try {
        resolve(run());
      } catch (error) {
        failure = error;
        reject(error);
      }
    });
    this.failure = failure;
    this.#onAwait = onAwait;
    if (failure !== undefined) super.then(undefined, () => {});
  }

  override [ON_AWAIT]<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#onAwait();
    return super.then(onFulfilled, onRejected);
  }
}
