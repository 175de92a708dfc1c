import { describe, expect, it } from "vitest";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { dev, rewrite, SAGA, sagaFolder } from "../support/dev-session.ts";
import { eventually } from "../support/eventually.ts";
import { opened, reads } from "./browser.ts";

const LIMIT = { timeout: 600_000 };
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\//;

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "the page of odori dev"),
  () => {
    it(
      "begins sagas, sets faults, and stays while the services are loaded again",
      LIMIT,
      async () => {
        expect(serverUrl("chromium")).not.toBe("");
        using folder = sagaFolder();
        await using session = await dev(folder.path, "--console", "--port", "0");
        await session.shows("Running order, payment, stock");
        const [url = ""] = ADDRESS.exec(session.out) ?? [];
        // Until the module is read, no console is behind the address.
        const status = async () =>
          (await fetch(`${url}api/v1/about`).catch(() => undefined))?.status;
        await eventually("the console is there", status, 200);
        await using browser = await opened(`${url}?screen=dev`);
        const { page, complaints } = browser;
        await page.getByLabel("sku").fill("fan");
        await page.getByLabel("cents").fill("500");
        await page.getByLabel("Saga id").fill("from the page");
        await page.getByRole("button", { name: "Begin" }).click();
        await session.shows("from the page  ✓ succeeded");
        await page.getByLabel("Saga id").fill("");
        await page.getByRole("button", { name: "Same again" }).click();
        await session.shows("✓ succeeded", 2);
        await page.getByLabel("cents").fill("many");
        await page.getByRole("button", { name: "Begin" }).click();
        await reads(page, "PAYLOAD_INVALID");
        await page.getByLabel("What happens").selectOption("kill");
        await page.getByLabel("Where").selectOption("stock");
        await page.getByRole("button", { name: "Set the fault" }).click();
        await reads(page, "the process dies: stock received");
        await page.getByRole("button", { name: "Same again" }).click();
        await session.shows("Killed by a fault");
        // The saga goes on in the next process, and the page beside it.
        await session.shows("✓ succeeded", 3);
        await reads(page, "None is set");
        await reads(page, "3 sagas begun");
        const begun = page.locator(".dev-begun");
        await eventually(
          "each has its verdict",
          () => begun.innerText(),
          (all) => all.match(/succeeded/g)?.length === 3,
        );
        expect(await page.getByText("STOPPED").count()).toBe(0);
        session.say('begin {"sku":"fan","cents":500}');
        await session.shows("✓ succeeded", 4);
        await page.reload();
        await reads(page, "4 sagas begun");
        await page.getByRole("button", { name: "Same again" }).click();
        await session.shows("✓ succeeded", 5);
        rewrite(folder.path, "export default 1 +");
        await reads(page, "The services do not run.");
        await reads(page, "MODULE_UNREADABLE");
        await page.getByRole("link", { name: "Map" }).click();
        await reads(page, "Needs attention");
        await page.getByRole("link", { name: "The services do not run." }).click();
        rewrite(folder.path, `${SAGA}\n// changed`);
        await session.shows("Running order, payment, stock", 3);
        await reads(page, "Set the fault");
        await eventually("nothing is wrong", () => page.locator(".notice").count(), 0);
        await page.getByRole("link", { name: "Sagas" }).click();
        await reads(page, "from the page");
        expect(complaints.filter((text) => !/Failed to load resource|ERR_/.test(text))).toEqual([]);
      },
    );
  },
);
