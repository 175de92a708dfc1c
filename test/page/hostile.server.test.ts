import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { opened, reads } from "./browser.ts";
import { ShopStage } from "./stage.ts";

const MARKUP = "<img src=x onerror=alert(1)>";
const TURNED = "o-\u202etxt.exe";
const LONG = `o-${"a".repeat(150)}`;

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "ids and payloads of strangers on the page"),
  () => {
    it("markup in ids, errors and payloads stays text on every screen", async () => {
      await using stage = await ShopStage.open({ [MARKUP]: "jammed" });
      const id = encodeURIComponent(MARKUP);
      const screens = [
        ["?screen=sagas", MARKUP],
        [`?screen=sagas&open=${id}`, `the shelf of <b>${MARKUP}</b> is jammed`],
        [`?screen=sagas&open=${id}&view=data`, `"orderId": "${MARKUP}"`],
        ["?screen=parked", MARKUP],
        [`?screen=sagas&id=${id}`, MARKUP],
      ] as const;
      for (const [query, text] of screens) {
        await using one = await opened(stage.url(query));
        await reads(one.page, text);
        expect(await one.page.locator("img, b:has-text('onerror')").count()).toBe(0);
        expect([query, one.complaints]).toEqual([query, []]);
      }
    });

    it("a character without a glyph is shown by its number, and turns nothing around", async () => {
      await using stage = await ShopStage.open({ [TURNED]: "jammed" });
      await using one = await opened(stage.url("?screen=sagas"));
      await reads(one.page, "o-⟨202E⟩txt.exe");
      await one.page.getByRole("link", { name: "txt.exe" }).click();
      await reads(one.page, "stock gave up on payment.charged");
      expect(await one.page.innerText("body")).not.toContain("\u202e");
      expect(one.page.url()).toContain("open=o-%E2%80%AEtxt.exe");
    });

    it("a long id is cut with its end in the tooltip", async () => {
      await using stage = await ShopStage.open({ [LONG]: "fine" });
      await using one = await opened(stage.url("?screen=sagas"));
      await eventually(
        "its row is there",
        () => one.page.getByTitle(LONG).count(),
        (count) => count === 1,
      );
    });

    it("a script that gets into the page is refused by the policy", async () => {
      await using stage = await ShopStage.open({});
      await using one = await opened(stage.url());
      const write = () => {
        document.body.insertAdjacentHTML("beforeend", "<p>written</p>");
        return "written";
      };
      await expect(one.page.evaluate(write)).rejects.toThrow(/TrustedHTML/);
    });
  },
);
