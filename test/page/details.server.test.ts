import { join } from "node:path";
import { choreography, event, PermanentError, service, start } from "odori";
import { odoriConsole } from "odori/console";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { sampleEntry, writes } from "../../src/conformance/samples.ts";
import type { JournalEntry } from "../../src/ports/journal.ts";
import shopping, { opened as begun, closed, shop } from "../cli/fixtures/shopping.ts";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { closing, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { opened, reads } from "./browser.ts";
import { serve } from "./serve.ts";
import { ShopStage } from "./stage.ts";

const TOKEN = "a-token-that-is-long-enough";
const ALIVE_MS = 3_600_000;

/** Serves a console over databases. */
async function served(paths: readonly string[], declared: typeof shopping) {
  const sources = paths.map((path) => sqliteSource(path));
  const made = odoriConsole({ sources, choreography: declared, token: TOKEN });
  const server = await serve(made);
  return {
    url: (query: string) => `http://127.0.0.1:${server.port}/${query}#token=${TOKEN}`,
    async [Symbol.asyncDispose]() {
      await server.close();
      await made.close();
    },
  };
}

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "small things of the page"),
  () => {
    it("the legend says what a lit arrow means, only while one is lit", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" }, { deaf: true });
      await using one = await opened(stage.url("?screen=proof"));
      const { page } = one;
      await page.getByRole("link", { name: "STUCK" }).first().waitFor();
      await page.goto(stage.url("?lit=STUCK"));
      await eventually(
        "the way is lit",
        () => page.locator(".edge.lit").count(),
        (n) => n > 0,
      );
      expect(await page.locator(".legend .lit").textContent()).toBe("the way of STUCK");
      await page.getByRole("button", { name: "No longer light it" }).click();
      await eventually("it is not lit", () => page.locator(".edge.lit").count(), 0);
      expect(await page.locator(".legend .lit").count()).toBe(0);
      expect(await page.locator(".legend li").allTextContents()).toEqual([
        ...["moving", "late", "parked, stuck or broken"],
      ]);
    });

    it("a list that is cut says how many more there are", async () => {
      using folder = temporaryFolder("many-parked");
      const payload = z.object({ orderId: z.string() });
      const placed = event("order.placed.v1", payload);
      const names = Array.from({ length: 10 }, (_, n) => `part_${n}`);
      const order = service<unknown>("order").begins(placed);
      const made = event("part.made.v1", payload);
      const parts = names.map((name) =>
        service<unknown>(name).on(placed, {
          emits: [made],
          handle(): ReturnType<typeof made> {
            throw new PermanentError("it is jammed");
          },
        }),
      );
      const services = [order, ...parts];
      const path = (name: string) => join(folder.path, `${name}.db`);
      await using bus = closing(memoryBus(services.map(({ name }) => name)));
      await using running = new AsyncDisposableStack();
      for (const one of services) {
        const app = await start(one, {
          ...{ store: sqlite(path(one.name)), bus, logger: silent, pollMs: 20 },
        });
        running.defer(() => app.stop());
        if (one === order) await app.begin("o-1", () => placed({ orderId: "o-1" }));
      }
      const declared = choreography("parts", {
        services,
        begins: [placed],
        succeeds: [made],
        fails: [],
      });
      await using console = await served(
        services.map(({ name }) => path(name)),
        declared,
      );
      await using one = await opened(console.url("?screen=sagas&open=o-1"));
      const { page } = one;
      await reads(page, "and 2 more");
      expect(await page.locator(".why > li").count()).toBe(9);
      await page.goto(console.url(""));
      await reads(page, "and 2 more");
      expect(await page.locator(".attention .chip").count()).toBe(8);
      await page.setViewportSize({ width: 360, height: 740 });
      await reads(page, "and 6 more");
      expect(await page.locator(".attention .chip").count()).toBe(4);
    });

    it("the axis of a timeline spans the saga, also where a clock is behind", async () => {
      using folder = temporaryFolder("axis");
      const path = join(folder.path, "payment.db");
      const store = sqlite(path);
      let at = Date.now() - 60_000;
      const { name } = shop;
      await store.open({ service: name, owner: "p", leaseMs: ALIVE_MS, now: () => at });
      const write = (sagaId: string, change: Partial<JournalEntry>) =>
        store.transaction((tx) =>
          tx.write(writes({ journal: [sampleEntry(`e of ${sagaId}`, { sagaId, ...change })] })),
        );
      const begin = (sagaId: string) =>
        write(sagaId, {
          ...{ reaction: "begin", source: `/${name}`, type: begun.type, disposition: "begun" },
          emitted: [{ id: `e of ${sagaId}`, type: begun.type }],
        });
      const handle = (sagaId: string, durationMs: number) =>
        write(sagaId, {
          ...{ reaction: "order.opened", source: `/${name}`, type: begun.type, durationMs },
          emitted: [{ id: `end of ${sagaId}`, type: closed.type }],
        });
      await begin("s-1");
      await begin("s-2");
      at += 200;
      await handle("s-1", 40);
      at -= 300;
      await handle("s-2", 40);
      await store.close();
      await using console = await served([path], shopping);
      await using one = await opened(console.url("?screen=sagas&open=s-1&view=timeline"));
      const { page } = one;
      const axis = () => page.locator(".axis span").allTextContents();
      const ticks = ["0 ms", "50 ms", "100 ms", "150 ms", "200 ms"];
      await eventually("the axis is there", axis, ticks);
      // On its way for 160 ms, and then in the handler for 40.
      const bars = page.locator("[data-row='1'] .bars line");
      const places = await bars.evaluateAll((all) =>
        all.map((line) => [line.getAttribute("x1"), line.getAttribute("x2")]),
      );
      expect(places).toEqual([
        ["0%", "80%"],
        ["80%", "100%"],
      ]);
      await page.goto(console.url("?screen=sagas&open=s-2&view=timeline"));
      const behind = ["−140 ms", "−105 ms", "−70 ms", "−35 ms", "0 ms"];
      await eventually("the axis begins before the saga", axis, behind);
      expect(one.complaints).toEqual([]);
    });
  },
);
