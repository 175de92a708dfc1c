import type { Mutant } from "./mutant.ts";

/** Broken buses, and runtimes that do not notice what happens to a bus. */
export const BUS_MUTANTS: readonly Mutant[] = [
  {
    name: "a lost subscription stays lost",
    edits: [
      {
        file: "runtime/membership.ts",
        find: "if (this.problem === undefined && !asks) return;",
        put: "if (this.problem !== undefined || !asks) return;",
      },
    ],
    suite: "runtime",
    caughtBy: "a lost subscription is made again",
  },
  {
    name: "health believes what it heard last",
    edits: [
      {
        file: "runtime/health.ts",
        find: 'parts.state === "ready" ? membership.check() : undefined',
        put: "undefined",
      },
    ],
    suite: "runtime",
    caughtBy: "health asks the broker",
  },
  {
    name: "health does not know whether the bus takes events",
    edits: [
      {
        file: "runtime/health.ts",
        find: "membership.problem ?? publisher.problem",
        put: "membership.problem",
      },
    ],
    suite: "runtime",
    caughtBy: "a service whose events the bus does not take is not ready",
  },
  {
    name: "ignore returned messages",
    edits: [
      {
        file: "adapters/rabbitmq/bus.ts",
        find: "!ids.delete(one.value.id)",
        put: "ids.size >= 0",
      },
    ],
    suite: "rabbitmq",
    caughtBy: "what reaches no queue is refused",
  },
  {
    name: "a batch is acknowledged if one of its events is",
    edits: [
      {
        file: "adapter/deliver-all.ts",
        find: 'result = "rejected"',
        put: 'if (open === 1) result = "rejected"',
      },
    ],
    suite: "postgres",
    caughtBy: "a rejected one keeps none back, and comes again",
  },
  {
    name: "all events of a batch are in flight at once",
    edits: [
      { file: "adapter/deliver-all.ts", find: "    await semaphore.take();\n", put: "" },
      { file: "adapter/deliver-all.ts", find: "      semaphore.free();\n", put: "" },
    ],
    suite: "postgres",
    caughtBy: "no more than inFlightMax are in flight",
  },
];
