import { edit, type Mutant } from "./mutant.ts";

const LOOKOUT = edit(
  "adapters/postgres/bus-pulse.ts",
  'import type { SqlRow } from "./native.ts";',
  'import { Lookout } from "./lookout.ts";\nimport type { SqlRow } from "./native.ts";',
);

/** Broken buses on Postgres. */
export const POSTGRES_BUS_MUTANTS: readonly Mutant[] = [
  {
    name: "a full member takes all events of its process",
    edits: [
      edit(
        "adapters/postgres/bus-member.ts",
        "Math.floor(this.#parts.options.inFlightMax / 2) - this.#inFlight",
        "Number.MAX_SAFE_INTEGER",
      ),
    ],
    suite: "postgres",
    caughtBy: "a member that is full leaves events to another process",
  },
  {
    name: "rows of a lost reply stay under the name of a member that lives",
    edits: [
      edit(
        "adapters/postgres/bus-member.ts",
        "if (!isSure && owner === this.#pulse.owner) this.#pulse.renounce();",
        "",
      ),
    ],
    suite: "postgres",
    caughtBy: "rows that a lost reply has told of are not kept for ever",
  },
  {
    name: "what a dead member of the bus held is left to it",
    edits: [
      edit(
        "adapters/postgres/bus-liveness.ts",
        "AND NOT EXISTS (SELECT 1 FROM $S.member m WHERE m.owner = d.holder)",
        "AND false",
      ),
    ],
    suite: "postgres",
    caughtBy: "a member that is gone without leaving is found dead, and that is counted",
  },
  {
    name: "a member of the bus beats on the pool, where its publishes are",
    edits: [
      edit(
        "adapters/postgres/bus-pulse.ts",
        "const held = await presence.held().catch(() => undefined);",
        "const held = undefined as Awaited<ReturnType<Presence['held']>> | undefined;",
      ),
    ],
    suite: "postgres",
    caughtBy: "a member whose bus has no connection free is not dead",
  },
  {
    name: "a member of the bus that changes its id forgets what it has in hand",
    edits: [edit("adapters/postgres/bus-pulse.ts", "      this.#parts.rows(),\n", "      [],\n")],
    suite: "postgres",
    caughtBy: "what a member has in hand stays its own when a reply is lost",
  },
  {
    name: "an event is handed over, and its row is left to any member",
    edits: [
      edit("adapters/postgres/bus-functions.ts", "ELSE 0 END, hold.owner", "ELSE 0 END, NULL"),
    ],
    suite: "postgres",
    caughtBy: "an event is held by its hearer from the beginning",
  },
  {
    name: "a batch keeps its places until its last event is settled",
    edits: [edit("adapters/postgres/bus-member.ts", "if (open > 1) {", "if (open < 0) {")],
    suite: "postgres",
    caughtBy: "an event that hangs keeps one place, and none of its batch",
  },
  {
    name: "what a member of the bus could not give back is lost with it",
    edits: [edit("adapters/postgres/bus-pulse.ts", "legacy.leave(earlier);", "")],
    suite: "postgres",
    caughtBy: "the next one gives back what the one before it could not",
  },
  {
    name: "each member of the bus begins to watch the others",
    edits: [
      edit("adapters/postgres/bus-pulse.ts", "legacy.lookout.look(", "new Lookout().look("),
      LOOKOUT,
    ],
    suite: "postgres",
    caughtBy: "the next one goes on watching: who has died is found dead by several",
  },
  {
    name: "a beat that waits for the pool holds up all others",
    edits: [
      edit(
        "adapters/postgres/bus-pulse.ts",
        "this.#rounds.size > this.#onPool",
        "this.#rounds.size > 0",
      ),
    ],
    suite: "postgres",
    caughtBy: "one that waits for the pool beats once its own connection is back",
  },
  {
    name: "what was left to a member of the bus is forgotten before it has said so",
    edits: [
      edit(
        "adapters/postgres/bus-pulse.ts",
        "const inherited = legacy.ids;",
        "const inherited = legacy.ids; legacy.forget(inherited);",
      ),
    ],
    suite: "postgres",
    caughtBy: "one that could not start hands on what was left to it",
  },
  {
    name: "a member of the bus beats again only when it has given back",
    edits: [
      edit("adapters/postgres/bus-pulse.ts", "if (beats) this.#onPool++;", "this.#onPool++;"),
      edit("adapters/postgres/bus-pulse.ts", "if (beats) this.#onPool--;", "this.#onPool--;"),
    ],
    suite: "postgres",
    caughtBy: "one that gives back over the pool beats meanwhile",
  },
];
