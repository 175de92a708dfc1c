import assert from "node:assert/strict";
import { ACCEPTED, checkAccepted } from "odori/adapter";
import type { Runner } from "odori/conformance";
import { rabbitmq } from "odori/rabbitmq";
import { Connection } from "rabbitmq-client";
import { authorized, placed } from "../support/contracts.ts";
import { envelope } from "../support/stage.ts";

/** RabbitMQ confirms and returns a message that reaches no queue: it is not published. */
export function returnedMessages({ describe, it }: Runner, url: () => string): void {
  describe("rabbitmq: returned messages", () => {
    it("what reaches no queue is refused", async () => {
      const exchange = `returns-${process.pid}`;
      const bus = rabbitmq({ url: url(), exchange, unheard: [authorized.type], settleMs: 0 });
      try {
        // The second type is declared to have no subscriber.
        const events = [envelope(placed, "s", {}), envelope(authorized, "s", {})];
        const [returned, unheard] = await bus.publish(events);
        assert.ok(returned?.accepted === false && returned.error.code === "UNROUTABLE");
        assert.equal(unheard, ACCEPTED);
        const subscription = await bus.subscribe(
          { group: "a", topics: [placed.type], inFlightMax: 1 },
          async () => {},
        );
        checkAccepted(await bus.publish([envelope(placed, "s", {})]));
        await subscription.close();
      } finally {
        await bus.close();
        const own = new Connection(url());
        await own.queueDelete(`${exchange}.a:${placed.type}`);
        await own.queueDelete(`${exchange}.dead`);
        await own.exchangeDelete({ exchange });
        await own.exchangeDelete({ exchange: `${exchange}.dead` });
        await own.close();
      }
    });
  });
}
