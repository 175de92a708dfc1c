import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/scope.ts";
import { Living } from "./living.ts";

const LIMIT_MS = 180_000;
const SAGAS = Array.from({ length: 20 }, (_, n) => `s-${n}`);
const NOTHING = { processes: 0, events: 0, deliveries: 0 };
/** Far more than a test takes: what is taken over before, no lease has told. */
const NEVER_MS = 3_600_000;
/** Looks in some seconds, in which a lease of 2 s would have ended. */
const LOOKS = 200;

/** Where the processes of a service keep their rows, and what ends that. */
interface Place extends AsyncDisposable {
  readonly place: string;
  readonly schema: string;
}

const places = {
  sqlite: async (): Promise<Place> => {
    const folder = temporaryFolder("living");
    const place = join(folder.path, "order.db");
    return { place, schema: "", [Symbol.asyncDispose]: async () => folder[Symbol.dispose]() };
  },
  postgres: async (): Promise<Place> => {
    const place = serverUrl("postgres");
    const schema = newSchema();
    const drop = async () => {
      const own = new pg.Client({ connectionString: place });
      await own.connect();
      await own.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await own.end();
    };
    return { place, schema, [Symbol.asyncDispose]: drop };
  },
};

/** Two processes of a service; the first one has all events in hand, the other one looks on. */
async function two(scope: AsyncDisposableStack, kind: keyof typeof places, leaseMs?: number) {
  const { place, schema } = scope.use(await places[kind]());
  const start = async () => scope.use(await Living.start(place, schema, leaseMs));
  const first = await start();
  const second = await start();
  first.tell({ begin: SAGAS });
  await first.until("sagas have begun", ({ begun }) => begun === true);
  await eventually("all is in its hands", () => sorted(first.published), sorted(SAGAS));
  return { first, second, start };
}

/** Lets the bus accept, and waits until nothing is left. */
async function settle(...living: readonly Living[]): Promise<void> {
  for (const one of living) one.tell({ accept: true });
  for (const one of living) await one.until("all is confirmed", (r) => r.health?.outbox === 0);
}

const sorted = (sagas: readonly string[]) => [...sagas].sort();

for (const kind of ["sqlite", "postgres"] as const) {
  const missing = kind === "postgres" && urlOf("postgres") === undefined;
  describe.skipIf(missing)(
    missing ? titleOf("postgres", kind) : kind,
    { timeout: LIMIT_MS },
    () => {
      it("frozen-process: one that stands still is not dead", async () => {
        await using scope = new AsyncDisposableStack();
        const { first, second } = await two(scope, kind);
        first.signal("SIGSTOP");
        await second.looks(LOOKS);
        first.signal("SIGCONT");
        await settle(first, second);
        expect(sorted([...first.published, ...second.published])).toEqual(sorted(SAGAS));
        expect(second.health).toEqual({ takenOver: NOTHING, lost: 0, outbox: 0 });
        expect(first.health).toEqual({ takenOver: NOTHING, lost: 0, outbox: 0 });
      });

      it("one whose event loop stands still is not dead", async () => {
        await using scope = new AsyncDisposableStack();
        using folder = temporaryFolder("stall");
        const go = join(folder.path, "go");
        const { first, second } = await two(scope, kind);
        first.tell({ stall: go });
        await first.until("it stalls", ({ stalls }) => stalls === true);
        await second.looks(LOOKS);
        writeFileSync(go, "");
        await settle(first, second);
        expect(sorted([...first.published, ...second.published])).toEqual(sorted(SAGAS));
        expect(second.health?.takenOver).toEqual(NOTHING);
      });

      it("after kill -9 another one takes over, with any lease", async () => {
        await using scope = new AsyncDisposableStack();
        const { first, second } = await two(scope, kind, NEVER_MS);
        first.signal("SIGKILL");
        await second.until("it takes over", ({ health }) => health?.takenOver.processes === 1);
        await settle(second);
        expect(sorted(second.published)).toEqual(sorted(SAGAS));
        expect(second.health?.takenOver).toEqual({
          ...NOTHING,
          processes: 1,
          events: SAGAS.length,
        });
      });

      it("after kill -9 of the only one the next one takes over, with any lease", async () => {
        await using scope = new AsyncDisposableStack();
        const { first, second, start } = await two(scope, kind, NEVER_MS);
        second.signal("SIGKILL");
        await second[Symbol.asyncDispose]();
        first.signal("SIGKILL");
        await first[Symbol.asyncDispose]();
        const next = await start();
        await next.until(
          "it takes over",
          ({ health }) => health?.takenOver.events === SAGAS.length,
        );
        await settle(next);
        expect(sorted(next.published)).toEqual(sorted(SAGAS));
      });

      it("one that is silent for longer than the lease loses its work, and goes on", async () => {
        await using scope = new AsyncDisposableStack();
        const { first, second } = await two(scope, kind, 1_000);
        first.signal("SIGSTOP");
        await second.until("it takes over", ({ health }) => (health?.takenOver.events ?? 0) >= 20);
        first.signal("SIGCONT");
        await first.until("it learns of it", ({ health }) => (health?.lost ?? 0) > 0);
        first.tell({ begin: ["more"] });
        await eventually("it goes on", () => first.published.includes("more"), true);
        await settle(first, second);
        expect(second.published).toEqual(expect.arrayContaining(SAGAS));
      });
    },
  );
}
