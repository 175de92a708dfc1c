import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { changes, onChange } from "./live.ts";
import { Problem } from "./problem.ts";
import { useAgain } from "./use-resource.ts";

/** A list that is read page by page. `R` is a reply, with a page in it. */
export interface PagesState<R, T> {
  readonly rows: readonly T[];
  /** The first reply, for what it says of the whole list. */
  readonly first: R | undefined;
  readonly next: string | undefined;
  readonly problem: Problem | undefined;
  readonly asking: boolean;
  /** Whether the list has changed since, and was not read again because a person reads in it. */
  readonly stale: boolean;
  readonly at: number | undefined;
  /** Whether many pages without a row were read, and there are more. */
  readonly sparse: boolean;
}

/** Pages without a row that are read one behind the other. */
const EMPTY_MAX = 25;

type Ask<R> = (after: string | undefined, signal: AbortSignal) => Promise<R>;

export interface PagesOptions<R, T> {
  readonly ask: Ask<R>;
  readonly rowsOf: (reply: R) => readonly T[];
}

class Pages<R extends { readonly next?: string }, T> {
  readonly key: string;
  readonly state = signal<PagesState<R, T>>({
    rows: [],
    first: undefined,
    next: undefined,
    problem: undefined,
    asking: false,
    stale: false,
    at: undefined,
    sparse: false,
  });
  readonly #options: PagesOptions<R, T>;
  #current: AbortController | undefined;
  #pages = 0;
  /** Whether the next page was asked for while another one was read. */
  #wanted = false;
  /** Whether the list has changed since the question that is not answered yet. */
  #outdated = false;

  constructor(key: string, options: PagesOptions<R, T>) {
    this.key = key;
    this.#options = options;
  }

  /** Reads the list again from its beginning. */
  reload(): Promise<void> {
    this.#current?.abort();
    this.#outdated = false;
    return this.#read(undefined);
  }

  /** Reads the next page, if there is one; behind what is being read now. */
  async more(): Promise<void> {
    const { next, asking, problem } = this.state.peek();
    this.#wanted = asking;
    if (next !== undefined && !asking && problem === undefined) await this.#read(next);
  }

  changed(): void {
    this.#outdated = this.state.peek().asking;
    if (this.#outdated) return;
    if (this.#pages <= 1) this.#read(undefined);
    else this.state.value = { ...this.state.peek(), stale: true };
  }

  stop(): void {
    this.#current?.abort();
    this.#current = undefined;
  }

  /** Reads a page; where none of its rows fits, also those behind it. */
  async #read(after: string | undefined): Promise<void> {
    const current = new AbortController();
    this.#current = current;
    this.state.value = { ...this.state.peek(), asking: true };
    try {
      const first = await this.#options.ask(after, current.signal);
      let reply = first;
      for (let empty = 1; this.#isEmpty(reply) && empty < EMPTY_MAX; empty++)
        reply = await this.#options.ask(reply.next, current.signal);
      if (this.#current !== current) return;
      const before = this.state.peek();
      const own = this.#options.rowsOf(reply);
      this.#pages = after === undefined ? 1 : this.#pages + 1;
      this.state.value = {
        rows: after === undefined ? own : [...before.rows, ...own],
        first: after === undefined ? first : before.first,
        next: reply.next,
        problem: undefined,
        asking: false,
        stale: after === undefined ? false : before.stale,
        at: Date.now(),
        sparse: this.#isEmpty(reply),
      };
      if (this.#wanted) await this.more();
      if (this.#outdated) this.changed();
    } catch (error) {
      if (this.#current !== current) return;
      this.state.value = {
        ...this.state.peek(),
        problem: Problem.from(error),
        asking: false,
      };
    }
  }

  #isEmpty(reply: R): boolean {
    return reply.next !== undefined && this.#options.rowsOf(reply).length === 0;
  }
}

/** Reads a list from its beginning when `key` changes, which names all that `options` depend on. */
export function usePages<R extends { readonly next?: string }, T>(
  key: string,
  options: PagesOptions<R, T>,
) {
  const latest = useRef(options);
  latest.current = options;
  const pages = useMemo(
    () =>
      new Pages<R, T>(key, {
        ask: (after, signal) => latest.current.ask(after, signal),
        rowsOf: (reply) => latest.current.rowsOf(reply),
      }),
    [key],
  );
  useEffect(() => {
    pages.reload();
    const stop = onChange(changes, () => pages.changed());
    return () => {
      stop();
      pages.stop();
    };
  }, [pages]);
  const actions = useMemo(
    () => ({ reload: () => void pages.reload(), more: () => void pages.more() }),
    [pages],
  );
  const state = pages.state.value;
  useAgain(state, actions.reload);
  return { ...state, ...actions };
}
