import { expect, it } from "vitest";
import { deliveryId, parkedAmong } from "../../src/console/chosen.ts";
import { Desk } from "../../src/console/desk.ts";
import { closing } from "../support/scope.ts";

it("counts what is parked among any number of deliveries, service by service", async () => {
  await using desk = closing(
    new Desk({
      ...{ sources: [], manifest: undefined, projection: ":memory:", allowed: [] },
      ...{ dev: undefined, kept: undefined },
    }),
  );
  const ids = ["payment", "stock"].flatMap((service) =>
    Array.from({ length: 1_500 }, (_, n) => deliveryId({ service, seq: n + 1 })),
  );
  desk.projection.sql.transaction(() => {
    for (let seq = 1; seq <= 1_500; seq++)
      desk.projection.sql.run(
        "INSERT INTO parked VALUES ('payment', ?, 's', 'r', 't', 0, 1, 'C', '')",
        seq,
      );
  });
  expect(parkedAmong(desk, [...ids, "no delivery"])).toBe(1_500);
  expect(parkedAmong(desk, ids.slice(1_500))).toBe(0);
});
