import { join } from "node:path";
import { StoreUnavailableError, start } from "odori";
import {
  type ConsoleOptions,
  type JournalSource,
  type OdoriConsole,
  odoriConsole,
} from "odori/console";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import type { Live } from "../../src/console/wire.ts";
import shopping, { opened, shop } from "../cli/fixtures/shopping.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";

export const TOKEN = "a-token-that-is-long-enough";
export const ORIGIN = "http://localhost";

/** What a saga of the shop comes to. */
export type Kind = "done" | "silent" | "wrong" | "slow";

/** A source that replies as long as it is not away. */
export function leavingSource(source: JournalSource, isAway: () => boolean): JournalSource {
  const unlessAway = <T>(ask: () => Promise<T>): Promise<T> =>
    isAway() ? Promise.reject(new StoreUnavailableError("STORE_UNAVAILABLE", "away")) : ask();
  return {
    inspect: source.inspect,
    about: () => unlessAway(() => source.about()),
    feed: (after, limit) => unlessAway(() => source.feed(after, limit)),
    outbox: (limit) => source.outbox(limit),
    close: () => source.close(),
  };
}

/** A console over the database of a shop, in which sagas have run. */
export class ConsoleStage implements AsyncDisposable {
  readonly console: OdoriConsole;
  readonly path: string;
  readonly #base: string;
  readonly #folder: Disposable;

  private constructor(console: OdoriConsole, path: string, base: string, folder: Disposable) {
    this.console = console;
    this.path = path;
    this.#base = base;
    this.#folder = folder;
  }

  static async open(
    kinds: readonly Kind[],
    options: Partial<ConsoleOptions> = {},
    wrap: (source: JournalSource) => JournalSource = (source) => source,
  ): Promise<ConsoleStage> {
    const folder = temporaryFolder("console");
    const path = join(folder.path, "payment.db");
    await ran(path, kinds);
    const console = odoriConsole({
      ...{ sources: [wrap(sqliteSource(path))], choreography: shopping, token: TOKEN, ...options },
    });
    const stage = new ConsoleStage(console, path, options.base ?? "", folder);
    await eventually(
      "the console has read all",
      async () => {
        const { totals = {} } = await stage.live();
        return Object.values(totals).reduce((sum, n) => sum + n, 0);
      },
      kinds.length,
    );
    return stage;
  }

  /** Asks with the token; the body as it is. */
  async ask(path: string, init: RequestInit = {}): Promise<Reply> {
    const headers = { authorization: `Bearer ${TOKEN}`, ...init.headers };
    return this.bare(path, { ...init, headers });
  }

  /** Asks without the token. */
  async bare(path: string, init: RequestInit = {}): Promise<Reply> {
    const response = await this.console.fetch(new Request(`${ORIGIN}${this.#base}${path}`, init));
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, headers: response.headers, text, body: bodyIn(text, isJson) };
  }

  /** Writes as the page does. */
  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    return this.ask(path, {
      ...{ method: "POST", body: JSON.stringify(body) },
      headers: {
        "content-type": "application/json",
        "odori-console": "1",
        origin: ORIGIN,
        ...headers,
      },
    });
  }

  /** The first event of the stream. */
  async live(): Promise<Live> {
    const request = new Request(`${ORIGIN}${this.#base}/api/v1/live`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const { body } = await this.console.fetch(request);
    const reader = body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    await reader?.cancel();
    return JSON.parse(new TextDecoder().decode(value).replace(/^data: /, ""));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.console.close();
    this.#folder[Symbol.dispose]();
  }
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  readonly body: any;
}

function bodyIn(text: string, isJson: boolean) {
  return isJson && text !== "" ? JSON.parse(text) : undefined;
}

/** Runs a saga of each kind, until each is handled. */
export async function ran(path: string, kinds: readonly Kind[]): Promise<void> {
  await using bus = closing(memoryBus(["payment"]));
  await using app = stopping(
    await start(shop, { store: sqlite(path), bus, logger: silent, pollMs: 5 }),
  );
  for (const [n, orderId] of kinds.entries()) await app.begin(`s-${n}`, () => opened({ orderId }));
  const count = (kind: Kind) => kinds.filter((one) => one === kind).length;
  await eventually("each is handled", async () => {
    const { outbox, deferred } = await app.inspect.counts();
    return [outbox, deferred.parked ?? 0, deferred.armed ?? 0];
  }, [0, count("wrong"), count("slow")]);
}
