import { expect, it } from "vitest";
import type { NodeLive } from "../../src/console/wire.ts";
import { eventually } from "../support/eventually.ts";
import { ConsoleStage, type Kind } from "./stage.ts";

it.each<readonly [Kind, NodeLive["notRunning"]]>([
  ["slow", "awaited"],
  ["done", "idle"],
])("the map says of a service that does not run whether it is awaited: %s", async (kind, said) => {
  await using stage = await ConsoleStage.open([kind]);
  await eventually(
    "its node says so",
    async () => (await stage.ask("/api/v1/map")).body.nodes,
    ([node]) => node.live.notRunning === said,
  );
  expect((await stage.live()).nodes).toMatchObject({ payment: { notRunning: said } });
  const { services } = (await stage.ask("/api/v1/services")).body;
  expect(services).toMatchObject([{ name: "payment", processes: 0, notRunning: said }]);
});
