import { join } from "node:path";
import { start } from "odori";
import { odoriConsole } from "odori/console";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import shopping, { opened as begun, shop } from "../cli/fixtures/shopping.ts";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { opened, reads } from "./browser.ts";
import { serve } from "./serve.ts";

const SAGAS = 10_000;
/** Sagas that are begun at once: they share commits. */
const AT_ONCE = 500;
const ROWS_MAX = 60;
const TOKEN = "a-token-that-is-long-enough";

async function run(path: string): Promise<void> {
  await using bus = closing(memoryBus(["payment"]));
  await using app = stopping(await start(shop, { store: sqlite(path), bus, logger: silent }));
  for (let first = 0; first < SAGAS; first += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, n) =>
        app.begin(`s-${first + n}`, () => begun({ orderId: "done" })),
      ),
    );
  await eventually("the outbox is empty", async () => (await app.inspect.counts()).outbox, 0);
}

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "the page with many sagas"),
  () => {
    it("10,000 sagas are walked through to the last, with at most 60 rows at a time", async () => {
      using folder = temporaryFolder("many");
      const path = join(folder.path, "payment.db");
      await run(path);
      await using made = closing(
        odoriConsole({ sources: [sqliteSource(path)], choreography: shopping, token: TOKEN }),
      );
      await using server = closing(await serve(made));
      const address = `http://127.0.0.1:${server.port}/?screen=sagas#token=${TOKEN}`;
      // As high as a page is ever likely to be.
      await using one = await opened(address, { viewport: { width: 1920, height: 2160 } });
      const { page } = one;
      await eventually(
        "all are counted",
        () => page.innerText("nav.verdicts"),
        (text) => text.includes("10,000"),
      );
      const rows = page.locator("[data-row]");
      let most = 0;
      await page.locator("[data-row='0'] a").focus();
      await eventually(
        "the last one is reached",
        async () => {
          await page.keyboard.press("End");
          most = Math.max(most, await rows.count());
          return page.locator(`[data-row='${SAGAS - 1}']`).count();
        },
        1,
        240_000,
      );
      expect(most).toBeGreaterThan(20);
      expect(most).toBeLessThanOrEqual(ROWS_MAX);
      expect(await page.locator("*").count()).toBeLessThan(1_500);
      await reads(page, "10,000 sagas");
      expect(one.complaints).toEqual([]);
    }, 300_000);
  },
);
