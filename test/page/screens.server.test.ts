import { describe, expect, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { EVERY_SCREEN_MS, opened, reads } from "./browser.ts";
import { ShopStage } from "./stage.ts";

const ORDERS = { "o-1": "fine", "o-2": "poor", "o-3": "rare", "o-4": "jammed" } as const;

/** Each screen, with what only the server can have told it. */
const SCREENS: readonly (readonly [query: string, texts: readonly (string | RegExp)[]])[] = [
  ["", ["Map", "payment", "stock 1 parked", "all events accounted for"]],
  ["?listeners=1", ["mail"]],
  ["?open=node:stock", ["Sagas that wait or rest here", "Show these sagas", "payment.charged"]],
  ["?screen=sagas", ["all 4", "o-4", "stock gave up on payment.charged", "succeeded"]],
  ["?screen=sagas&verdict=undone", ["o-2", "order.cancelled"]],
  ["?screen=sagas&open=o-4", ["Why", "1 try", "is jammed", "stock hears payment.charged"]],
  ["?screen=sagas&open=o-3", ["Nothing is open.", "undid payment.charged"]],
  [
    "?screen=sagas&open=o-3",
    ["It turned back at stock: payment.charged, refused → stock.sold_out"],
  ],
  ["?screen=sagas&open=o-3&view=causes", ["stock.sold_out", "undid payment.charged"]],
  ["?screen=sagas&open=o-3&view=timeline", ["handler", "payment.charged: refused"]],
  ["?screen=sagas&open=o-4&view=data", ['"orderId": "o-4"', "Event id"]],
  ["?screen=parked", ["stock payment.charged PERMANENT", "Retry all 1…", "Nothing yet."]],
  ["?screen=parked&service=stock&reaction=payment.charged&code=GONE", ["Retry all 0…"]],
  ["?screen=services&open=payment", ["1", "undo payment.charged", "Closed (24 h)"]],
  ["?screen=services&view=ledger", ["Emitted", "order.placed", "Unexplained"]],
  ["?screen=proof", ["Every saga ends well", "states explored"]],
  ["?screen=events&open=payment.charged.v1", ["Heard by", "stock.reserved", '"orderId"']],
];

describe.skipIf(urlOf("chromium") === undefined)(titleOf("chromium", "the page's screens"), () => {
  it(
    "each shows what the services have done, and breaks no policy",
    async () => {
      await using stage = await ShopStage.open(ORDERS);
      await using one = await opened(stage.url());
      for (const [query, texts] of SCREENS) {
        await one.page.goto(stage.url(query));
        for (const text of texts) await reads(one.page, text);
        expect([query, one.complaints]).toEqual([query, []]);
      }
    },
    EVERY_SCREEN_MS,
  );

  it("a saga that is stuck, the proof that says why, and its way on the map", async () => {
    await using stage = await ShopStage.open({ "o-1": "fine", "o-2": "poor" }, { deaf: true });
    await using one = await opened(stage.url());
    const { page, complaints } = one;
    await page.locator(".attention").getByRole("link", { name: "payment 1 stuck" }).click();
    await page.getByRole("link", { name: "o-2" }).click();
    await reads(page, "Nothing is left to happen, and the saga has no end.");
    await page.getByRole("link", { name: "Proof" }).click();
    await page.getByRole("link", { name: "STUCK" }).click();
    await reads(page, "Counterexample");
    await reads(page, "refuses → payment.declined");
    await reads(page, "Repairs that were tried, and work");
    await page.getByRole("link", { name: "Show it on the map" }).click();
    await reads(page, "Lit: the way of STUCK");
    await eventually(
      "the way is lit",
      () => page.locator(".edge.lit").count(),
      (n) => n > 0,
    );
    expect(complaints).toEqual([]);
  });

  it("a link to what a finding lights finds the proof by itself", async () => {
    await using stage = await ShopStage.open({ "o-1": "fine" }, { deaf: true });
    await using one = await opened(stage.url("?screen=map&lit=STUCK"));
    const { page, complaints } = one;
    await eventually(
      "the way is lit",
      () => page.locator(".edge.lit").count(),
      (n) => n > 0,
    );
    expect(complaints).toEqual([]);
  });

  it("an arrow tells what the proof has found of it; the map alone asks for none", async () => {
    await using stage = await ShopStage.open({ "o-1": "fine" }, { deaf: true });
    await using one = await opened(stage.url("?listeners=1"));
    const { page, complaints } = one;
    const proofs: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/proof")) proofs.push(request.url());
    });
    await page.reload();
    await reads(page, "all events accounted for");
    expect(proofs).toEqual([]);
    await page.getByRole("link", { name: /^order to payment: order.placed/ }).click();
    await reads(page, "STUCK");
    expect(proofs.length).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });
});
