import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buses } from "../conformance/adapters.ts";
import { ROOT } from "../support/command.ts";

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const plain = (text: string) => text.replaceAll(/\s+/g, " ");
const PAGE = plain(read("docs/reliability.md"));

/** What the page says, and the line of the code that says the same. */
const FIGURES: readonly (readonly [says: string, file: string, code: string])[] = [
  ["or 5 s", "runtime/membership.ts", "CHECK_EVERY_MS = 5_000"],
  ["uses a reply for 500 ms", "runtime/membership.ts", "CHECKED_MS = 500"],
  ["after 0.1 s, then", "runtime/membership.ts", "firstMs: 100, longestMs: 5_000"],
  ["is given up after 30 s", "runtime/membership.ts", "SUBSCRIBE_LIMIT_MS = 30_000"],
  ["for 30 days (`retentionMs`", "contract/retention.ts", "RETENTION_MS = 30 * 24 * 3_600_000"],
  ["after 10 ms, doubled to 1 s", "adapter/backoff.ts", "{ first: 10, longest: 1_000 }"],
  ["30 s without a reply", "adapter/connect-once.ts", "REPLY_MS = 30_000"],
  ["60 s old", "adapter/outbox-diagnosis.ts", "OUTBOX_OLD_MS = 60_000"],
  ["said within 30 s, and healed", "conformance/bus-faults.ts", "LIMIT_MS = 30_000"],
  ["no reply within 4 s", "adapters/nats/bus.ts", "CHECK_MS = 4_000"],
  ["no reply within 4 s", "adapters/kafka/bus.ts", "CHECK_MS = 4_000"],
  ["no reply within 4 s", "adapters/postgres/bus.ts", "CHECK_MS = 4_000"],
  ["no reply within 4 s", "adapters/rabbitmq/bus.ts", "check: 4_000"],
  ["2 s after others", "adapters/postgres/lookout.ts", "freedMs: 2_000, freeMs: 5_000"],
  ["five times in 15 s (`leaseMs`)", "runtime/pulse.ts", "BEATS = 5"],
  ["silent for 15 s (`leaseMs`)", "runtime/options.ts", "leaseMs: 15_000"],
  ["in at least four looks", "adapter/roster.ts", "LOOKS = 4"],
  ["15 s without one (`leaseMs`)", "adapters/postgres/bus.ts", "LEASE_MS = 15_000"],
  ["gives back the rest after 2 s", "adapters/postgres/earlier-ids.ts", "RENOUNCED_MS = 2_000"],
  ["without a reply within 15 s", "adapters/postgres/bus.ts", "REPLY_MS = 15_000"],
  ["costs 500 ms", "adapters/postgres/bus-member.ts", "POLL_MS = 500"],
  ["is kept for 7 days, for", "adapters/postgres/bus-schema.ts", "UNHEARD_MS = 7 * 24 * 3_600_000"],
  ["10 s for its reply (`replyMs`)", "adapters/http/settings.ts", "REPLY_MS = 10_000"],
  ["for its body (`bodyMs`)", "adapters/http/settings.ts", "BODY_MS = 10_000"],
  ["256 requests at once", "adapters/http/settings.ts", "REQUESTS_MAX = 256"],
  ["up to 5 minutes", "adapters/http/post.ts", "RETRY_AFTER_MAX_MS = 300_000"],
  ["after 30 s (`ackWaitMs`)", "adapters/nats/options.ts", "ackWaitMs = 30_000"],
  ["progress every 10 s", "adapters/nats/member.ts", "ackWaitMs / 3"],
  ["7 days (`maxAgeMs`)", "adapters/nats/options.ts", "maxAgeMs = 7 * DAY_MS"],
  ["`max_deliver: -1`", "adapters/nats/topology.ts", "max_deliver: -1"],
  ["`max_ack_pending: -1`", "adapters/nats/topology.ts", "max_ack_pending: -1"],
  ["pings every 10 s", "adapters/nats/link.ts", "pingInterval: 10_000, maxPingOut: 1"],
  ["of 5 s each", "adapters/nats/member.ts", "PULL_MS = 10_000"],
  ["At most 500 events", "adapters/nats/bus.ts", "WINDOW = 500"],
  ["`x-delivery-limit` 1,000,000", "adapters/rabbitmq/topology.ts", "DELIVERY_LIMIT = 1_000_000"],
  ["heartbeats of 10 s", "adapters/rabbitmq/options.ts", "heartbeatSeconds = 10"],
  ["bound 2 s after it", "adapters/rabbitmq/options.ts", "settleMs = 2_000"],
  ["without a reply within 10 s", "adapters/rabbitmq/bus.ts", "publish: 10_000"],
  ["(`acks=-1`)", "adapters/kafka/sender.ts", "ACKS_ALL = -1"],
  ["7 days (`retentionMs`). A service", "adapters/kafka/options.ts", "retentionMs = 7 * DAY_MS"],
  ["6 partitions", "adapters/kafka/options.ts", "partitions = 6"],
  [
    "of 2 with 3 replicas",
    "adapters/kafka/options.ts",
    "minInSyncReplicas = replicas >= 3 ? 2 : 1",
  ],
  ["silent for 10 s (`session", "adapters/kafka/options.ts", "sessionTimeoutMs = 10_000"],
];

it.each(FIGURES)("the page on reliability says %j, and so does %s: %s", (says, file, code) => {
  expect([says, PAGE.includes(says)]).toEqual([says, true]);
  expect([code, read(`src/${file}`).includes(code)]).toEqual([code, true]);
});

it("the page on reliability names each fault that conformance injects", () => {
  const missing = Object.values(buses).flatMap((factory) => {
    const { name, faults = {} }: { readonly name: string; readonly faults?: object } = factory;
    return Object.keys(faults)
      .filter((fault) => !PAGE.includes(fault))
      .map((fault) => `${name}: ${fault}`);
  });
  expect(missing).toEqual([]);
});
