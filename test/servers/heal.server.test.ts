import { type Bus, jsonLogger, service, start } from "odori";
import type { BusFactory } from "odori/conformance";
import { memoryStore } from "odori/memory";
import { describe, expect, it } from "vitest";
import { buses } from "../conformance/adapters.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";
import { titleOf, urlOf } from "./shared.ts";

const FAULTS = [
  ["nats", "the stream is deleted"],
  ["nats", "a reply never comes"],
  ["rabbitmq", "the exchange is deleted"],
  ["rabbitmq", "the queue is deleted"],
  ["rabbitmq", "the connections are black holes"],
  ["kafka", "the topic is deleted"],
  ["kafka", "the connections are black holes"],
  ["postgres", "the tables are deleted"],
  ["postgres", "a reply never comes"],
] as const;
const DEAF = "warn: the service does not hear the bus; it subscribes again";
const HEARS = "info: the service hears the bus again";

// The cases nats-consumer-or-stream-gone, nats-more, rabbit-sem, rabbit-more and pg-sem.
describe("a service whose broker fails heals, and is never ready while deaf", () => {
  for (const [name, fault] of FAULTS) {
    const title = titleOf(name, `${name}: ${fault}`);
    it.skipIf(urlOf(name) === undefined)(title, { timeout: 600_000 }, async () => {
      const faults: NonNullable<BusFactory["faults"]> = buses[name].faults ?? {};
      await using faulty = closing((await faults[fault]?.()) ?? expect.fail(`no fault ${fault}`));
      const heard = new Set<string>();
      const lines: string[] = [];
      const log = (level: string) => (line: string) => void lines.push(`${level}: ${line}`);
      const logger = { ...silent, info: log("info"), warn: log("warn") };
      const shop = service("a").on(placed, { handle: ({ id }) => void heard.add(id) });
      const settings = { store: memoryStore(), bus: faulty.bus, logger };
      await using app = stopping(await start(shop, settings));
      const isReady = async () => (await app.health()).state === "ready";
      let next = 0;
      /** What is accepted while the service is ready is heard, or the service is ready no more. */
      const hears = async () => {
        const id = `${next++}`;
        if (!(await isReady()) || !(await isAccepted(faulty.bus, id))) return false;
        await eventually("heard, or not ready", async () => heard.has(id) || !(await isReady()));
        return heard.has(id);
      };
      await eventually("it hears", hears);
      await faulty.inflict();
      await eventually("it hears again", hears, true, 60_000);
      const own = lines.filter((line) => line === DEAF || line === HEARS);
      expect(own).toEqual(own.map((_, i) => (i % 2 === 0 ? DEAF : HEARS)));
    });
  }
});

const LOGINS = [
  ["nats", "the password is changed, and changed back"],
  ["rabbitmq", "the password is changed, and changed back"],
  ["kafka", "the password is changed, and changed back"],
  ["postgres", "the role may not log in, and may again"],
] as const;

describe("a service whose login is refused says so, and goes on once it is not", () => {
  for (const [name, fault] of LOGINS) {
    const title = titleOf(name, `${name}: ${fault}`);
    it.skipIf(urlOf(name) === undefined)(title, { timeout: 600_000 }, async () => {
      const faults: NonNullable<BusFactory["faults"]> = buses[name].faults ?? {};
      await using faulty = closing((await faults[fault]?.()) ?? expect.fail(`no fault ${fault}`));
      const logged: string[] = [];
      const logger = jsonLogger("debug", (line) => void logged.push(line));
      const shop = service("a").on(placed, { handle: () => {} });
      const settings = { store: memoryStore(), bus: faulty.bus, logger };
      await using app = stopping(await start(shop, settings));
      await faulty.inflict();
      const problem = async () => (await app.health()).problem;
      await eventually("the reason is known", problem, "LOGIN_REFUSED", 90_000);
      await faulty.repair?.();
      const state = async () => (await app.health()).state;
      await eventually("it goes on", state, "ready", 60_000);
      // The password of the tests, in a URL or as an option.
      expect(logged.join("\n")).not.toMatch(/:right@|"right"/);
    });
  }
});

async function isAccepted(bus: Bus, id: string): Promise<boolean> {
  const event = envelope(placed, id, { orderId: id }, { id });
  const results = await bus.publish([event]).catch(() => []);
  return results.some(({ accepted }) => accepted);
}
