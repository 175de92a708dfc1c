import type { Environment } from "../ports/environment.ts";

/** Work that is put off for a moment, and that the end of the service does not leave behind. */
export class Pauses {
  readonly #environment: Environment;
  readonly #waiting = new Set<(ended: boolean) => void>();
  #idle: (() => void)[] = [];
  #ended = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Calls `work` once: after `delayMs`, or with true as soon as the pauses end. */
  after(delayMs: number, work: (ended: boolean) => void): void {
    if (this.#ended) {
      work(true);
      return;
    }
    const go = (ended: boolean) => {
      if (!this.#waiting.delete(go)) return;
      cancel();
      work(ended);
      if (this.#waiting.size > 0) return;
      for (const resolve of this.#idle.splice(0)) resolve();
    };
    this.#waiting.add(go);
    const cancel = this.#environment.timer(delayMs, () => go(false));
  }

  /** Resolves when nothing is put off. */
  async idle(): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  end(): void {
    this.#ended = true;
    for (const go of [...this.#waiting]) go(true);
  }
}
