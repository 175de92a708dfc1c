import { describe, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { EVERY_SCREEN_MS, opened, reads } from "./browser.ts";
import { ShopStage } from "./stage.ts";

const PLACE = "nats://broker:4222";

describe.skipIf(urlOf("chromium") === undefined)(
  titleOf("chromium", "the page while a bus cannot be reached"),
  () => {
    it(
      "says which, which services wait for it and with how many events, in both languages",
      async () => {
        await using stage = await ShopStage.open({ "o-1": "fine" });
        await stage.loseBus("payment", PLACE);
        await using english = await opened(stage.url("?screen=services"));
        await reads(english.page, `The bus at ${PLACE} cannot be reached since `);
        await reads(english.page, "In outboxes, until it is back: 0 events (payment).");
        await reads(english.page, "no bus");
        await using japanese = await opened(stage.url(), { locale: "ja" });
        await reads(japanese.page, `バス ${PLACE} に接続できません。`);
        await reads(japanese.page, "イベント 0 件が送信箱で復旧を待っています(payment)。");
      },
      EVERY_SCREEN_MS,
    );
  },
);
