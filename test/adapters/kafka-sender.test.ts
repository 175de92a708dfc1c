import { expect, it } from "vitest";
import { settingsOf } from "../../src/adapters/kafka/options.ts";
import { Sender } from "../../src/adapters/kafka/sender.ts";

it("a sender that was closed connects no more", async () => {
  const sender = new Sender(settingsOf({ brokers: "127.0.0.1:1" }));
  const closed = new Error("the bus is closed");
  const message = { topic: "odori.order.placed.v1", key: "s", value: "{}", headers: {} };
  const before = sender.send(message);
  await sender.close(closed);
  await expect(before).rejects.toBe(closed);
  await expect(sender.send(message)).rejects.toBe(closed);
});
