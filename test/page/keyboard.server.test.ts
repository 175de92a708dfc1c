import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { focused, opened, press, reads, tabTo } from "./browser.ts";
import { ShopStage } from "./stage.ts";

const JAMMED = { "o-1": "fine", "o-2": "jammed", "o-3": "jammed", "o-4": "jammed" } as const;

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "the page by keyboard alone"),
  () => {
    it("from a red arrow to the sagas, why they wait, a retry of all, and their end", async () => {
      await using stage = await ShopStage.open(JAMMED);
      await using one = await opened(stage.url());
      const { page, complaints } = one;
      await reads(page, "stock 3 parked");
      await tabTo(page, /^payment to stock: .*3 parked/);
      await press(page, "Enter");
      await reads(page, "Sagas that wait or rest here");
      await tabTo(page, "Show these sagas");
      await press(page, "Enter");
      await tabTo(page, /^o-[234]$/);
      await press(page, "Enter");
      await reads(page, "is jammed");
      await press(page, "3");
      await reads(page, "Retry all 3…");
      stage.troubles.shelf = false;
      await tabTo(page, "Retry all 3…");
      await press(page, "Enter");
      await reads(page, "Begin with one a second");
      await reads(page, "3 of 3 sagas were looked into");
      await eventually(
        "Tab reaches the pace",
        async () => {
          await press(page, "Tab");
          return page.evaluate(() => document.activeElement?.getAttribute("type"));
        },
        "number",
      );
      await page.keyboard.type("0.2");
      // Not one a second at first.
      await press(page, "Tab", "Space");
      await tabTo(page, "Start retrying");
      await press(page, "Enter");
      await reads(page, "0.2/s");
      await reads(page, "Nothing is parked.");
      await press(page, "2");
      await reads(page, "succeeded 4");
      expect(complaints).toEqual([]);
    });

    it("a choice of rows is discarded, with its consequence and a reason", async () => {
      await using stage = await ShopStage.open(JAMMED);
      await using one = await opened(stage.url("?screen=parked"));
      const { page } = one;
      await tabTo(page, /^Choose o-/);
      await press(page, "Space");
      await reads(page, "1 chosen");
      await page.getByRole("button", { name: "Discard 1…" }).focus();
      await press(page, "Enter");
      await reads(page, "1 saga becomes stuck");
      await reads(page, "payment: payment.charged stays done (1 saga)");
      expect(await page.getByRole("button", { name: "Discard for good" }).isDisabled()).toBe(true);
      await page.getByLabel("Reason").focus();
      await page.keyboard.type("it was a test");
      await tabTo(page, "Discard for good");
      await press(page, "Enter");
      await reads(page, "Discard stock/");
      await reads(page, "it was a test");
      await press(page, "2");
      await reads(page, /stuck\s*1/);
    });

    it("an arrow leads into a list, from its screen and from its filter", async () => {
      await using stage = await ShopStage.open(JAMMED);
      await using one = await opened(stage.url());
      const { page } = one;
      await reads(page, "stock 3 parked");
      await press(page, "2");
      const first = page.locator(".sagas-list [data-row='0'] a");
      const id = await first.innerText();
      await press(page, "ArrowDown");
      expect(await focused(page)).toBe(id);
      await press(page, "/");
      await page.keyboard.type(id);
      await eventually("one is left", () => page.locator(".sagas-list [data-row]").count(), 1);
      await press(page, "ArrowDown");
      expect(await focused(page)).toBe(id);
    });

    it("each letter of a filter stays, also where a machine is slower than a person", async () => {
      await using stage = await ShopStage.open(JAMMED);
      await using one = await opened(stage.url("?screen=sagas"));
      const { page } = one;
      await reads(page, "4 sagas");
      const devtools = await page.context().newCDPSession(page);
      await devtools.send("Emulation.setCPUThrottlingRate", { rate: 20 });
      const words = "at:stock event:payment.charged older:1s o-";
      await press(page, "/");
      await page.keyboard.type(words);
      const typed = () => page.locator("[data-search]").inputValue();
      expect(await typed()).toBe(words);
      await reads(page, "3 sagas");
      expect(await typed()).toBe(words);
    });

    it("what had the focus is gone: the screen has it, and Tab goes on from there", async () => {
      await using stage = await ShopStage.open(JAMMED);
      await using one = await opened(stage.url("?screen=sagas&id=none"));
      const { page } = one;
      const place = () => page.evaluate(() => document.activeElement?.id ?? "");
      await tabTo(page, /^Clear the filter$/);
      await press(page, "Enter");
      await reads(page, "4 sagas");
      await eventually("the screen has the focus", place, "main");
      await page.goto(stage.url("?screen=sagas&open=o-2"));
      await reads(page, "is jammed");
      stage.troubles.shelf = false;
      await tabTo(page, "Retry…");
      await press(page, "Enter");
      await reads(page, "What follows");
      expect(await page.getByLabel("Deliveries a second").count()).toBe(0);
      await tabTo(page, "Start retrying");
      await press(page, "Enter");
      await reads(page, "no longer parked");
      await eventually("the screen has the focus", place, "main");
    });

    it("Escape leads to where a person was: the row of a saga, the box of a panel", async () => {
      await using stage = await ShopStage.open(JAMMED);
      await using one = await opened(stage.url("?screen=sagas"));
      const { page } = one;
      await reads(page, "4 sagas");
      await page.locator(".sagas-list [data-row='2'] a").focus();
      const id = await focused(page);
      await press(page, "Enter");
      await reads(page, "Cannot any more");
      await page.getByRole("button", { name: "Copy" }).first().focus();
      await press(page, "Escape");
      await eventually("its row has the focus", () => focused(page), id);
      await press(page, "1");
      await tabTo(page, /^order (?!to )/);
      const box = await focused(page);
      await press(page, "Enter");
      await reads(page, "Only its neighbours");
      await press(page, "Escape");
      await eventually("the box has the focus", () => focused(page), box);
    });

    it("a dialog that Escape has closed does not lead away while the key is held", async () => {
      await using stage = await ShopStage.open(JAMMED);
      await using one = await opened(stage.url("?screen=sagas&open=o-2"));
      const { page } = one;
      await tabTo(page, "Retry…");
      await press(page, "Enter");
      await reads(page, "What follows");
      await page.keyboard.down("Escape");
      await eventually("it is closed", () => page.locator("dialog[open]").count(), 0);
      await page.keyboard.down("Escape");
      await page.keyboard.up("Escape");
      await page.getByRole("heading", { name: "o-2" }).waitFor();
      expect(new URL(page.url()).searchParams.get("open")).toBe("o-2");
    });

    it("an id is copied as it is, also where it cannot be seen", async () => {
      const id = "o-\u202e1";
      await using stage = await ShopStage.open({ [id]: "fine" });
      await using one = await opened(stage.url("?screen=sagas&verdict=succeeded"));
      const { page, complaints } = one;
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.getByRole("link", { name: "o-⟨202E⟩1" }).click();
      await tabTo(page, "Copy o-⟨202E⟩1");
      await press(page, "Enter");
      await reads(page, "copied");
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(id);
      expect(complaints).toEqual([]);
    });

    it("shortcuts lead to search, screens, boxes and help, and Escape back", async () => {
      await using stage = await ShopStage.open(JAMMED);
      await using one = await opened(stage.url());
      const { page } = one;
      await reads(page, "stock 3 parked");
      await press(page, "Tab");
      expect(await focused(page)).toBe("Skip to the content");
      await press(page, "Enter", "/");
      expect(await focused(page)).toBe("Find a service or an event");
      await page.keyboard.type("reserved");
      await eventually(
        "the address has what was typed",
        () => new URL(page.url()).searchParams.get("find"),
        (find) => find === "reserved",
      );
      await tabTo(page, /^order /);
      await press(page, "ArrowRight");
      expect(await focused(page)).toMatch(/^payment /);
      await press(page, "Enter");
      await reads(page, "Only its neighbours");
      await press(page, "Escape", "?");
      await reads(page, "Show this list");
      await press(page, "Escape", "6");
      await reads(page, "Heard by");
      expect(await page.title()).toBe("Events · odori");
      await tabTo(page, "order.placed");
      await press(page, "ArrowDown", "Enter");
      await eventually(
        "the next event is open",
        () => new URL(page.url()).searchParams.get("open"),
        (type) => type !== null && type !== "order.placed.v1",
      );
    });
  },
);
