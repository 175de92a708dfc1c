import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { opened, reads } from "./browser.ts";
import { ShopStage } from "./stage.ts";

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "the page when something fails"),
  () => {
    it("a query that failed says so, and does not look empty", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url("?screen=sagas&older=soon"));
      await reads(one.page, "This could not be read");
      await reads(one.page, "QUERY_INVALID");
      const text = await one.page.innerText("body");
      expect(text).not.toContain("No saga matches");
    });

    it("what is not there is told apart from what was forgotten", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using none = await opened(stage.url("?screen=sagas&id=zzz"));
      await reads(none.page, "No saga matches.");
      await reads(none.page, "Nothing has been forgotten: what is not here never came.");
      await using unknown = await opened(stage.url("?screen=sagas&open=zzz"));
      await reads(unknown.page, "No journal knows this saga.");
    });

    it("what was shown stays when the console is gone, with its age", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url("?screen=sagas"));
      await reads(one.page, "o-1");
      await stage.hangUp();
      await reads(one.page, "connection lost");
      await reads(one.page, "the account of events is not known now");
      expect(await one.page.innerText("body")).toContain("o-1");
      await one.page.getByRole("link", { name: "Services" }).click();
      await reads(one.page, "The console does not answer.");
    });

    it("it goes on by itself, with what came meanwhile, once the console is back", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url("?screen=sagas"));
      await reads(one.page, "o-1");
      await stage.hangUp();
      await reads(one.page, "connection lost");
      await stage.place("o-2", "poor");
      await stage.comeBack();
      await reads(one.page, "o-2");
      await reads(one.page, "behind");
    });

    it("without the token nothing is shown but how to get in", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url().replace(/#.*/, ""));
      await reads(one.page, "This page needs the address that the console printed.");
      expect(await one.page.innerText("body")).not.toContain("o-1");
    });

    it("a console that only reads offers no action, and says how it would", async () => {
      await using stage = await ShopStage.open({ "o-1": "jammed" }, { allow: [] });
      await using one = await opened(stage.url("?screen=parked"));
      await reads(one.page, "--allow retry,discard");
      const retry = one.page.getByRole("button", { name: "Retry all 1…" });
      expect(await retry.isDisabled()).toBe(true);
      await using data = await opened(stage.url("?screen=sagas&open=o-1&view=data"));
      await reads(data.page, "--allow payloads");
    });
  },
);
