import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { EVERY_SCREEN_MS, opened, reads } from "./browser.ts";
import { ShopStage } from "./stage.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ORDERS = { "o-1": "fine", "o-2": "poor", "o-3": "rare", "o-4": "jammed" } as const;
/** Each screen, with a text that is there once it is complete; it is the same in each language. */
const SCREENS = [
  ["?listeners=1&back=1&open=node:stock", "payment.charged"],
  ["?screen=sagas", "o-4"],
  ["?screen=sagas&open=o-4", "payment.charged"],
  ["?screen=sagas&open=o-3&view=causes", "stock.sold_out"],
  ["?screen=sagas&open=o-3&view=timeline", "payment.charged:"],
  ["?screen=sagas&open=o-4&view=data", '"orderId": "o-4"'],
  ["?screen=parked", "PERMANENT"],
  ["?screen=services", "order"],
  ["?screen=services&view=ledger", "order.placed"],
  ["?screen=proof", "✓"],
  ["?screen=events&open=payment.charged.v1", '"orderId"'],
] as const;

/** What a person with a screen reader, or who sees little contrast, would stumble over. */
async function barriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

/** Cells of one row that lie over each other. Runs in the page. */
function overlaps(): readonly string[] {
  return [...document.querySelectorAll("[role=row]")].flatMap((row) => {
    const boxes = [...row.children].map((cell) => cell.getBoundingClientRect());
    return boxes.flatMap((a, at) =>
      boxes
        .slice(at + 1)
        .filter(
          (b) =>
            Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
            Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1,
        )
        .map(() => row.textContent ?? ""),
    );
  });
}

describe.skipIf(urlOf("chromium") === undefined)(titleOf("chromium", "the page for all"), () => {
  for (const colorScheme of ["light", "dark"] as const)
    for (const locale of ["en", "ja"] as const)
      it(
        `axe finds nothing serious: ${colorScheme}, ${locale}`,
        async () => {
          await using stage = await ShopStage.open(ORDERS);
          await using one = await opened(stage.url(), { colorScheme, locale });
          for (const [query, text] of SCREENS) {
            await one.page.goto(stage.url(query));
            await reads(one.page, text);
            expect([query, await barriers(one.page)]).toEqual([query, []]);
            expect(await one.page.getAttribute("html", "lang")).toBe(locale);
          }
        },
        EVERY_SCREEN_MS,
      );

  it("nor in a dialog", async () => {
    await using stage = await ShopStage.open(ORDERS);
    await using one = await opened(stage.url("?screen=parked"));
    await one.page.getByRole("button", { name: "Discard all 1…" }).click();
    await reads(one.page, "stays done");
    expect(await barriers(one.page)).toEqual([]);
  });

  it.each([360, 1440, 1920])(
    "nothing is cut off or covered at a width of %i",
    async (width) => {
      await using stage = await ShopStage.open(ORDERS);
      await using one = await opened(stage.url(), { viewport: { width, height: 860 } });
      for (const [query, text] of SCREENS) {
        await one.page.goto(stage.url(query));
        await reads(one.page, text);
        const beyond = await one.page.evaluate(() => document.documentElement.scrollWidth);
        expect([query, beyond]).toEqual([query, width]);
        expect([query, await one.page.evaluate(overlaps)]).toEqual([query, []]);
      }
    },
    EVERY_SCREEN_MS,
  );
});
