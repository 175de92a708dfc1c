import type { Page, Request, Route } from "playwright-core";
import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { opened, reads } from "./browser.ts";
import { ShopStage } from "./stage.ts";

/** The page has heard what was new before the first of them. */
const MESSAGES = 4;

/** Holds the answers of the console at some addresses, from the first one that it is told to. */
class Hold {
  asked = 0;
  #release: () => void = () => {};
  #free = Promise.resolve();

  static async at(page: Page, addresses: string): Promise<Hold> {
    const hold = new Hold();
    await page.route(addresses, (route) => hold.#answer(route));
    return hold;
  }

  begin(): void {
    this.#free = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  end(): void {
    this.#release();
  }

  async #answer(route: Route): Promise<void> {
    // What the console says now, however late it arrives.
    const response = await route.fetch();
    this.asked++;
    await this.#free;
    // The page may have given the question up, or the test may be over.
    await route.fulfill({ response }).catch(() => undefined);
  }
}

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "the page of a console that answers late"),
  () => {
    it("a link to what is stuck is there once the map is, and stays", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine", "o-2": "poor" }, { deaf: true });
      await using one = await opened(stage.url("?screen=sagas"));
      const { page } = one;
      await reads(page, /stuck\s*1/);
      const hold = await Hold.at(page, "**/api/v1/map*");
      hold.begin();
      await page.getByRole("link", { name: "Map" }).click();
      await eventually("the map is asked for", () => hold.asked > 0);
      await hear(page, MESSAGES);
      expect(await page.locator(".attention a").count()).toBe(0);
      hold.end();
      await page.locator(".attention").getByRole("link", { name: "payment 1 stuck" }).click();
      await reads(page, "o-2");
    });

    it("a list shows what has happened while it was asked for", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url("?screen=sagas"));
      const { page } = one;
      const hold = await Hold.at(page, "**/api/v1/sagas?*");
      await reads(page, "o-1");
      hold.begin();
      await stage.place("o-2", "fine");
      await eventually("the list is asked for", () => hold.asked > 0);
      await stage.place("o-3", "fine");
      await reads(page, "succeeded 3");
      await hear(page, MESSAGES);
      expect(await page.innerText("body")).not.toContain("o-3");
      hold.end();
      await reads(page, "o-3");
    });

    it("one that is hidden asks for nothing, and is up to date once it is seen", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url("?screen=sagas"));
      const { page } = one;
      const hold = await Hold.at(page, "**/api/v1/sagas?*");
      await reads(page, "o-1");
      const isStream = (request: Request) => request.url().includes("/api/v1/live");
      const [ended] = await Promise.all([
        page.waitForEvent("requestfailed", isStream),
        turn(page, true),
      ]);
      expect(ended.failure()?.errorText, "it lets its connection go").toBe("net::ERR_ABORTED");
      const { asked } = hold;
      await stage.place("o-2", "fine");
      // Without the route, and with the page's session.
      await eventually("both have ended", async () => {
        const answer = await page.request.get(new URL("/api/v1/sagas", stage.url()).href);
        return (await answer.json()).totals.succeeded === 2;
      });
      expect(hold.asked).toBe(asked);
      await turn(page, false);
      await reads(page, "o-2");
    });

    it("a saga that is not known yet is shown once it is", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url("?screen=sagas&open=o-2"));
      const { page } = one;
      await reads(page, "No journal knows this saga");
      await stage.place("o-2", "fine");
      await reads(page, "Nothing is open.");
    });

    it("a list goes on where many sagas have passed and none of them fits", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url());
      const { page } = one;
      let asked = 0;
      await page.route("**/api/v1/sagas?*", async (route) => {
        const response = await route.fetch();
        const all = await response.json();
        const json = asked++ < 3 ? { ...all, sagas: [], next: `${Date.now()}.` } : all;
        await route.fulfill({ response, json });
      });
      await page.getByRole("link", { name: "Sagas", exact: true }).click();
      await reads(page, "o-1");
      expect(asked).toBe(4);
    });

    it("what has failed is asked for again by itself", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" });
      await using one = await opened(stage.url());
      const { page } = one;
      let asked = 0;
      await page.route("**/api/v1/services", async (route) => {
        if (asked++ > 0) return route.continue();
        const error = { code: "CONSOLE_BUSY", message: "It has too much to do." };
        await route.fulfill({ status: 503, json: { error } });
      });
      await page.getByRole("link", { name: "Services" }).click();
      await reads(page, "CONSOLE_BUSY");
      await reads(page, "Closed (24 h)");
    });

    it("an answer of the proof may take longer than the page pauses", async () => {
      await using stage = await ShopStage.open({ "o-1": "fine" }, { deaf: true });
      await using one = await opened(stage.url());
      const { page } = one;
      await page.clock.install();
      let asked = 0;
      await page.route("**/api/v1/proof", async (route) => {
        if (++asked === 1) await route.fulfill({ json: { state: "running" } });
      });
      await page.getByRole("link", { name: "Proof" }).click();
      await eventually("it is asked again", async () => {
        await page.clock.runFor(1_000);
        return asked > 1;
      });
      await page.clock.runFor(10_000);
      expect(asked).toBe(2);
    });
  },
);

/** Hides a page from the person before it, or shows it again. */
async function turn(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

/** Follows the console as the page does, until it has had this number of messages. */
function hear(page: Page, messages: number): Promise<void> {
  return page.evaluate(
    (most) =>
      new Promise((resolve) => {
        const stream = new EventSource("api/v1/live");
        let heard = 0;
        stream.onmessage = () => {
          if (++heard < most) return;
          stream.close();
          resolve();
        };
      }),
    messages,
  );
}
