import { join } from "node:path";
import { start } from "odori";
import { type JournalSource, odoriConsole } from "odori/console";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, it } from "vitest";
import { StoreUnavailableError } from "../../src/ports/errors.ts";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { opened, reads } from "./browser.ts";
import { serve } from "./serve.ts";
import { shopWith, Troubles } from "./shop.ts";

const TOKEN = "a-token-that-is-long-enough";

/** A source that cannot be read while it is away. */
function behind(gate: { readonly away: boolean }, source: JournalSource): JournalSource {
  const unlessAway = <T>(ask: () => Promise<T>): Promise<T> =>
    gate.away
      ? Promise.reject(new StoreUnavailableError("STORE_UNAVAILABLE", "It is away."))
      : ask();
  return {
    inspect: source.inspect,
    about: () => unlessAway(() => source.about()),
    feed: (after, limit) => unlessAway(() => source.feed(after, limit)),
    outbox: (limit) => unlessAway(() => source.outbox(limit)),
    close: () => source.close(),
  };
}

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "the page before a service can be read"),
  () => {
    it("shows the map and the events once it can", async () => {
      using folder = temporaryFolder("undeclared");
      const path = join(folder.path, "order.db");
      const [order] = shopWith(new Troubles(), false).services;
      await using bus = closing(memoryBus([order.name]));
      await using _app = stopping(
        await start(order, { store: sqlite(path), bus, logger: silent, pollMs: 20 }),
      );
      const gate = { away: true };
      const sources = [behind(gate, sqliteSource(path))];
      await using console = closing(odoriConsole({ sources, token: TOKEN }));
      await using server = closing(await serve(console));
      const url = (query: string) => `http://127.0.0.1:${server.port}/${query}#token=${TOKEN}`;
      await using map = await opened(url(""));
      await using events = await opened(url("?screen=events"));
      await reads(map.page, "No service has declared anything yet");
      await reads(events.page, "No event is declared");
      gate.away = false;
      await eventually("it has a box", async () => (await map.page.locator(".node").count()) > 0);
      await reads(events.page, "order.cancelled");
    });
  },
);
