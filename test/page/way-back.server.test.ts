import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { opened, reads } from "./browser.ts";
import { ShopStage } from "./stage.ts";

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "from a list to a saga and back"),
  () => {
    it("a saga leads back to the list as it was filtered, also after a reload", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine", "o-2": "fine" });
      await using one = await opened(stage.url("?screen=sagas&verdict=succeeded&id=o-"));
      const { page } = one;
      await page.getByRole("link", { name: "o-2" }).click();
      await page.getByRole("heading", { name: "o-2" }).waitFor();
      expect(await page.title()).toBe("o-2 · Sagas · odori");
      await page.getByRole("link", { name: "Causes" }).click();
      await page.reload();
      await page.getByRole("link", { name: "Back to the list" }).click();
      await page.getByRole("link", { name: "o-1" }).waitFor();
      const { searchParams } = new URL(page.url());
      expect([searchParams.get("verdict"), searchParams.get("id")]).toEqual(["succeeded", "o-"]);
      expect(await page.title()).toBe("Sagas · odori");
    });

    it("one that was opened by its address leads to all of them", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine", "o-2": "fine" });
      await using one = await opened(stage.url("?screen=sagas&open=o-1"));
      await one.page.getByRole("link", { name: "All sagas" }).click();
      await one.page.getByRole("link", { name: "o-2" }).waitFor();
    });

    it("numbers of all sagas do not stand beside another filter", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine", "o-2": "fine" });
      await using one = await opened(stage.url("?screen=sagas"));
      const { page } = one;
      const tabs = page.locator(".tabs.verdicts");
      await reads(page, "all 2");
      await page.goto(stage.url("?screen=sagas&at=nowhere"));
      await reads(page, "No saga matches");
      expect(await tabs.innerText()).not.toMatch(/\d/);
      expect(await page.locator(".empty").innerText()).not.toMatch(/never came/);
    });

    it("a saga that is stuck leads to the finding that says why, and what to do", async () => {
      await using stage = await ShopStage.open({ "o-1": "poor" }, { deaf: true });
      await using one = await opened(stage.url("?screen=sagas&open=o-1"));
      const { page } = one;
      const link = page.getByRole("link", { name: "What to do about it" });
      await link.first().click();
      await reads(page, "Repairs that were tried, and work");
      expect(new URL(page.url()).searchParams.get("open")).toBe("STUCK");
      expect(await page.locator(".findings-list .chosen").innerText()).toContain("STUCK");
    });

    it("a proof says what it assumes", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url("?screen=proof"));
      await reads(one.page, "Every saga ends well");
      await reads(one.page, "Assumed: no delivery is given up on.");
    });
  },
);
