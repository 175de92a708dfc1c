import { type Signal, signal } from "@preact/signals";
import { Problem } from "./problem.ts";

/**
 * What was asked for. What was known stays while it is asked again, and when that fails: then
 * both `value` and `problem` are there, and the screen says that it shows something old.
 */
export interface Answer<T> {
  readonly value: T | undefined;
  readonly problem: Problem | undefined;
  readonly asking: boolean;
  /** When `value` came: milliseconds since 1970. */
  readonly at: number | undefined;
}

const NOTHING = { value: undefined, problem: undefined, asking: false, at: undefined } as const;

/** Asks for one thing again and again; only the answer to the last question counts. */
export class Resource<T> {
  /** Names the question: another question is another resource. */
  readonly key: string;
  readonly answer: Signal<Answer<T>> = signal<Answer<T>>(NOTHING);
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  #current: AbortController | undefined;
  /** Whether something has changed since the question that is not answered yet. */
  #outdated = false;

  constructor(key: string, ask: (signal: AbortSignal) => Promise<T>) {
    this.key = key;
    this.#ask = ask;
  }

  async load(): Promise<void> {
    this.#current?.abort();
    const current = new AbortController();
    this.#current = current;
    this.#outdated = false;
    this.answer.value = { ...this.answer.peek(), asking: true };
    try {
      const value = await this.#ask(current.signal);
      if (this.#current !== current) return;
      this.answer.value = { value, problem: undefined, asking: false, at: Date.now() };
      if (this.#outdated) await this.load();
    } catch (error) {
      if (this.#current !== current) return;
      const problem = Problem.from(error);
      this.answer.value = { ...this.answer.peek(), problem, asking: false };
    }
  }

  /** A slow answer is waited for: asking again at each change would never let it arrive. */
  renew(): void {
    if (this.answer.peek().asking) this.#outdated = true;
    else void this.load();
  }

  stop(): void {
    this.#current?.abort();
    this.#current = undefined;
  }
}
