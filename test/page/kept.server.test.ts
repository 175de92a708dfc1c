import { join } from "node:path";
import { service, start } from "odori";
import { manifestOf } from "odori/manifest";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { openConsole } from "../../src/console/console.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import shopping, { closed, opened, shop } from "../cli/fixtures/shopping.ts";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";
import { EVERY_SCREEN_MS, opened as openedPage, press, reads, tabTo } from "./browser.ts";
import { serve } from "./serve.ts";

const SAGA = "s-early";
const plain = manifestOf(shopping);
/** The same, with a field that is not shown. */
const manifest: Manifest = {
  ...plain,
  events: new Map([...plain.events].map(([type, one]) => [type, { ...one, sensitive: ["card"] }])),
};

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "a saga whose payloads are kept"),
  () => {
    it("an event that was never got is published again, and its payload compared", {
      timeout: EVERY_SCREEN_MS,
    }, async () => {
      using folder = temporaryFolder("kept");
      const path = join(folder.path, "payment.db");
      await using bus = closing(memoryBus(["payment"]));
      const running = async (version: typeof shop) =>
        stopping(await start(version, { store: sqlite(path), bus, logger: silent, pollMs: 5 }));
      let heard = "";
      {
        await using deaf = await running(service<unknown>("payment").begins(opened));
        const { event } = await deaf.begin(SAGA, () => opened({ orderId: "done" }));
        heard = event?.id ?? "";
        await eventually("it is out", async () => (await deaf.inspect.counts()).outbox, 0);
      }
      await using app = await running(shop);
      let emitted = "";
      await using console = closing(
        openConsole({
          sources: [sqliteSource(path)],
          choreography: manifest,
          allow: ["retry", "payloads"],
          token: undefined,
          kept: {
            of: () => [
              envelope(
                opened,
                SAGA,
                { orderId: "done", cents: 500, note: "a gift", card: "4111" },
                { id: heard, source: "/payment" },
              ),
              envelope(
                closed,
                SAGA,
                { orderId: "done", cents: 450, carrier: "north", card: "4111" },
                { id: emitted, source: "/payment", causationId: heard },
              ),
            ],
            close: () => {},
          },
        }),
      );
      await using server = closing(await serve(console));
      const base = `http://127.0.0.1:${server.port}/`;
      await using one = await openedPage(`${base}?screen=sagas&open=${SAGA}`);
      const { page, complaints } = one;
      await reads(page, "payment has never got order.opened");
      await tabTo(page, "Publish again…");
      await press(page, "Enter");
      await reads(page, "1 saga becomes running");
      await page.keyboard.press("Escape");
      // The same from the list, of all that it has.
      await page.goto(`${base}?screen=sagas&verdict=unheard`);
      await tabTo(page, "Publish again for all of these…");
      await press(page, "Enter");
      await reads(page, "Publish again what 1 saga lost");
      await reads(page, "May end in: success (1 saga)");
      await tabTo(page, /^Publish again$/);
      await press(page, "Enter");
      await reads(page, "Published again for 1 of 1 saga");
      await reads(page, "No saga matches.");
      await page.goto(`${base}?screen=sagas&open=${SAGA}`);
      await reads(page, "Nothing is open.");
      await reads(page, "put into the outbox again");
      const journal = await app.inspect.journal(SAGA);
      emitted = journal.flatMap((row) => row.emitted).find(({ id }) => id !== heard)?.id ?? "";
      await page.goto(`${base}?screen=sagas&open=${SAGA}&view=data`);
      await page
        .getByRole("row", { name: /order\.closed/ })
        .getByRole("button", { name: "Show" })
        .click();
      await reads(page, "Changed against order.opened");
      const changes = await page.locator(".differences li").allInnerTexts();
      expect(changes.sort()).toEqual([
        'added /carrier "north"',
        "changed /cents 500 450",
        "hidden /card",
        'removed /note "a gift"',
      ]);
      expect(await page.innerText("body")).not.toContain("4111");
      await page
        .getByRole("row", { name: /order\.opened/ })
        .getByRole("button", { name: "Show" })
        .first()
        .click();
      await reads(page, '"a gift"');
      expect(complaints).toEqual([]);
    });
  },
);
