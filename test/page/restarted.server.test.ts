import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { opened, reads } from "./browser.ts";
import { ShopStage } from "./stage.ts";

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "the page of a console that was started again"),
  () => {
    it("says that its session is over", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url());
      await reads(one.page, "all events accounted for");
      await stage.restart([]);
      await reads(one.page, "This page needs the address that the console printed.");
    });

    it("shows what it may do now, and what has happened in between", async () => {
      await using stage = await ShopStage.open({ "o-4": "jammed" }, { allow: [] });
      await using one = await opened(stage.url("?screen=parked"));
      const { page } = one;
      await reads(page, "Read only.");
      const retry = page.getByRole("button", { name: "Retry all" });
      expect(await retry.isEnabled()).toBe(false);
      await stage.restart(["retry"]);
      // As a console without a token does: it knows this browser.
      await page.evaluate(async (token) => {
        const headers = { "content-type": "application/json", "odori-console": "1" };
        const body = JSON.stringify({ token });
        await fetch("api/v1/session", { method: "POST", headers, body });
      }, new URL(stage.url()).hash.slice("#token=".length));
      await eventually("it may be retried", () => retry.isEnabled());
      expect(await page.innerText("body")).not.toContain("Read only.");
    });
  },
);
