import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { focused, opened, press, reads, tabTo } from "./browser.ts";
import { type Orders, ShopStage } from "./stage.ts";

const ORDERS: Orders = {
  "o-1": "fine",
  "o-2": "jammed",
  "o-3": "jammed",
  "o-4": "poor",
  "o-5": "fine",
};

/** A shop in which two orders rest at stock, since they were discarded, and one at payment. */
async function rested(): Promise<ShopStage> {
  const stage = await ShopStage.open(ORDERS, { deaf: true });
  for (const id of ["o-2", "o-3"]) await stage.discard(id);
  return stage;
}

const colourOf = (page: Page, place: string, property: string, pseudo = "") =>
  page
    .locator(place)
    .first()
    .evaluate((element, [name, of]) => getComputedStyle(element, of).getPropertyValue(name), [
      property,
      pseudo,
    ] as const);

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "sagas that are stuck, on the page"),
  () => {
    it("light an arrow with their number, which leads to them and to where they rest", async () => {
      await using stage = await rested();
      await using one = await opened(stage.url());
      const { page, complaints } = one;
      await reads(page, "stock 2 stuck");
      await reads(page, "payment 1 stuck");
      expect(await page.locator(".edge.bad text").allTextContents()).toEqual([
        ...["1 stuck", "2 stuck"],
      ]);
      await tabTo(page, /^order to payment: .*; 1 stuck$/);
      await press(page, "Tab");
      expect(await focused(page)).toMatch(/^payment to stock: .*; 2 stuck$/);
      await press(page, "Enter");
      await reads(page, "Sagas that wait or rest here");
      await tabTo(page, "Show these sagas");
      await press(page, "Enter");
      await reads(page, /\b2 sagas\b/);
      expect(await page.locator(".sagas-list [data-row] a").allTextContents()).toEqual([
        ...["o-3", "o-2"],
      ]);
      expect(await page.locator("input.filter").inputValue()).toBe(
        "is:stuck at:stock event:payment.charged",
      );
      await reads(page, "rests at stock: payment.charged, was told to discard it");
      await tabTo(page, /^o-3$/);
      await press(page, "Enter");
      await reads(page, "It rests here: stock, payment.charged, was told to discard it");
      await tabTo(page, "Show it on the map");
      await press(page, "Enter");
      await eventually("its box is open", () => page.locator(".node.chosen").count(), 1);
      expect(new URL(page.url()).searchParams.get("open")).toBe("node:stock");
      expect(complaints).toEqual([]);
    });

    it("say what was emitted and led on to nothing, also in Japanese", async () => {
      await using stage = await rested();
      await using one = await opened(stage.url("?screen=sagas&open=o-4"));
      await reads(one.page, "It rests here: payment, order.placed, refused");
      await reads(one.page, "Nothing has gone on with what this emitted: payment.declined");
      await using other = await opened(stage.url("?screen=sagas&open=o-4"), { locale: "ja" });
      await reads(other.page, "ここで止まっています: payment、order.placed(拒否、");
      await reads(other.page, "何も続いていません: payment.declined");
      await other.page.goto(stage.url("?screen=sagas&verdict=stuck&at=payment"));
      await reads(other.page, "payment で止まっています: order.placed(拒否、");
    });

    it("are on the map of reactions as well, at the reaction where they rest", async () => {
      await using stage = await rested();
      await using one = await opened(stage.url("?level=reactions&service=payment"));
      await eventually(
        "the reaction says it",
        () =>
          one.page
            .locator(".node.step.bad .sub")
            .allTextContents()
            .then((all) => all.join(" ").trim()),
        "1 stuck",
      );
    });

    it.each(["light", "dark"] as const)(
      "have the colour that the legend explains, in %s colours and a small window",
      async (colorScheme) => {
        await using stage = await rested();
        const viewport = { width: 360, height: 740 };
        await using one = await opened(stage.url(), { colorScheme, viewport });
        const { page } = one;
        await reads(page, "stock 2 stuck");
        // A word has no room there: the number stays.
        await eventually(
          "each arrow has its number",
          () => page.locator(".edge.bad text").allTextContents(),
          ["1", "2"],
        );
        expect(await page.locator(".legend .bad").textContent()).toBe("parked, stuck or broken");
        const explained = await colourOf(page, ".legend .bad", "border-top-color", "::before");
        expect(await colourOf(page, ".edge.bad .line", "stroke")).toBe(explained);
        expect(await colourOf(page, ".legend .moving", "border-top-color", "::before")).not.toBe(
          explained,
        );
      },
    );
  },
);
