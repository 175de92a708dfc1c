import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { EVERY_SCREEN_MS, opened, reads } from "./browser.ts";
import { ShopStage } from "./stage.ts";

const LONG = "0198f0c2-aaaa-7000-8000-00000000000";
const ORDERS = {
  [`${LONG}1`]: "fine",
  [`${LONG}2`]: "poor",
  [`${LONG}3`]: "jammed",
} as const;
const NARROW = { viewport: { width: 360, height: 740 } };

/** The texts that are wider than their place, or lie beyond the window. */
function cutIn(page: Page, places: string): Promise<readonly string[]> {
  return page.locator(places).evaluateAll((all) =>
    all.flatMap((one) => {
      const { left, right } = one.getBoundingClientRect();
      const cut = one.scrollWidth > one.clientWidth + 1 || left < 0 || right > innerWidth;
      return cut ? [one.textContent ?? ""] : [];
    }),
  );
}

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "the page in a small window, and in Japanese"),
  () => {
    it(
      "nothing is cut: the menu with a badge, long ids, and the rows of a list",
      async () => {
        await using stage = await ShopStage.open(ORDERS, { deaf: true });
        await using one = await opened(stage.url("?screen=sagas"), NARROW);
        const { page, complaints } = one;
        for (const id of Object.keys(ORDERS)) await reads(page, `…${id.slice(-10)}`);
        expect(await cutIn(page, ".menu a")).toEqual([]);
        expect(await cutIn(page, ".sagas-list .saga")).toEqual([]);
        await page.keyboard.press("?");
        await reads(page, "1–6");
        await page.goto(stage.url("?screen=services"));
        await reads(page, "payment");
        expect(await page.locator(".deferred:visible", { hasText: /^–$/ }).count()).toBe(0);
        await page.goto(stage.url(`?screen=sagas&open=${LONG}1`));
        await page.locator(".step").first().waitFor();
        expect(await page.locator(".step .hidden").first().textContent()).toMatch(/^\+0 ms, order/);
        for (const screen of ["proof", "events"]) {
          await page.goto(stage.url(`?screen=${screen}`));
          await page.locator(".split .list-row[data-row]").first().waitFor();
          const list = page.locator(".split .list");
          const { height = 0 } = (await list.boundingBox()) ?? {};
          expect([screen, Math.round(height) % 50]).toEqual([screen, 0]);
        }
        expect(complaints).toEqual([]);
      },
      EVERY_SCREEN_MS,
    );

    it(
      "a finding, its counterexample and the rules that a saga breaks are in Japanese",
      async () => {
        await using stage = await ShopStage.open(ORDERS, { deaf: true });
        await using one = await opened(stage.url("?screen=proof"), { locale: "ja" });
        const { page } = one;
        await page.getByRole("link", { name: "STUCK" }).first().click();
        await reads(page, "これ以上何も起こらず、サーガが成功にも失敗にも達していません。");
        await reads(page, "開始");
        await reads(page, "拒否 → payment.declined");
        expect(await page.innerText("ol")).not.toMatch(/begins|refuses/);
        await page.goto(stage.url(`?screen=sagas&open=${LONG}3`));
        await reads(page, "PARKED_STUCK: サービスが配信を断念すると");
      },
      EVERY_SCREEN_MS,
    );
  },
);
