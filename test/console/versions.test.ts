import { service, start } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import { expect, it } from "vitest";
import type { ServiceVersion } from "../../src/console/wire.ts";
import { closed, opened } from "../cli/fixtures/shopping.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { ConsoleStage } from "./stage.ts";

/** The shop as it is deployed next. */
const next = service<unknown>("payment")
  .begins(opened)
  .on(opened, { emits: [closed], handle: ({ data }) => closed(data) });

it("a version that another one has taken the place of does not run", {
  timeout: 60_000,
}, async () => {
  await using stage = await ConsoleStage.open(["done"]);
  const running = async () => {
    const [row] = (await stage.ask("/api/v1/services")).body.services;
    const versions: readonly ServiceVersion[] = row.versions;
    return versions.map((one) => one.running);
  };
  expect(await running()).toEqual([false]);
  {
    await using bus = closing(memoryBus(["payment"]));
    const options = { store: sqlite(stage.path), bus, logger: silent, pollMs: 5 };
    await using app = stopping(await start(next, options));
    await app.begin("s-next", () => opened({ orderId: "done" }));
    await eventually("both are known", running, [true, false]);
  }
  await eventually("no process runs", running, [false, false]);
});
