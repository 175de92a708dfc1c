import { spawn } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { CRASH_POINTS } from "odori";
import { describe, expect, it } from "vitest";
import { audit } from "../../examples/order/audit.ts";
import { files } from "../../examples/order/database.ts";
import { temporaryFolder } from "../support/scope.ts";

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
/** Enough that each service comes to each step twice, however many deliveries share a commit. */
const ORDERS = "30";
const SERVICES = ["order", "payment", "inventory", "shipping"];

/** How a child ended: the signal that killed it, or its exit status. */
function child(...args: readonly string[]): {
  readonly ended: Promise<string | number>;
  /** kill -9 as soon as it has come to its n-th step. */
  killAfter(steps: number): void;
} {
  const process_ = spawn(
    process.execPath,
    ["--conditions=odori-source", "--disable-warning=ExperimentalWarning", CHILD, ...args],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let steps = 0;
  let deadly = Number.POSITIVE_INFINITY;
  process_.stdout.on("data", (dots: Buffer) => {
    steps += dots.length;
    if (steps >= deadly) process_.kill("SIGKILL");
  });
  const ended = new Promise<string | number>((resolve, reject) => {
    process_.once("error", reject);
    process_.once("exit", (code, signal) => resolve(signal ?? code ?? "?"));
  });
  return { ended, killAfter: (count) => (deadly = count) };
}

async function inFolder(play: (folder: string) => Promise<void>): Promise<void> {
  using folder = temporaryFolder("crash");
  await play(folder.path);
}

/**
 * Rows that are left over in the four databases, read without Odori. A join of a cancelled order
 * keeps what it has gathered until retention: it waits for an event that never comes.
 */
function leftOvers(folder: string): readonly string[] {
  const rowsOf = (service: string, statement: string) => {
    const database = new DatabaseSync(join(folder, `${service}.db`), { readOnly: true });
    const rows = database.prepare(statement).all();
    database.close();
    return rows;
  };
  const cancelled = new Set(
    rowsOf("order", "SELECT order_id FROM orders WHERE state = 'cancelled'").map(
      ({ order_id }) => order_id,
    ),
  );
  return SERVICES.flatMap((service) =>
    [
      ...rowsOf(service, "SELECT 'outbox' AS state, ticket AS saga_id FROM odori_outbox"),
      ...rowsOf(service, "SELECT state, saga_id FROM odori_deferred").filter(
        ({ state, saga_id }) => state !== "gathered" || !cancelled.has(saga_id),
      ),
    ].map((row) => `${service}: ${JSON.stringify(row)}`),
  );
}

describe("kill -9", () => {
  // The runtime's own list: a new crash point is tested without a change here.
  describe.each(SERVICES)("of the process at a step of %s", (service) => {
    it.each(CRASH_POINTS)("%s", (step) =>
      inFolder(async (folder) => {
        expect(await child(folder, service, step, "1", ORDERS).ended).toBe("SIGKILL");
        expect(await child(folder, service, step, "2", ORDERS).ended).toBe("SIGKILL");
        expect(await child(folder, "", "", "0", "2").ended).toBe(0);
        const books = await audit(files(folder));
        expect(books.violations).toEqual([]);
        expect(books.open).toEqual([]);
        expect(books.completed + books.cancelled).toBeGreaterThanOrEqual(2);
        expect(leftOvers(folder)).toEqual([]);
      }),
    );
  });

  it("at any moment, again and again", { timeout: 300_000 }, () =>
    inFolder(async (folder) => {
      const ends: (string | number)[] = [];
      for (let round = 0; round < 12; round++) {
        // 400 orders take more than 14,000 steps. The signal arrives some steps later.
        const running = child(folder, "", "", "0", "400");
        running.killAfter(1 + round * 1_100);
        ends.push(await running.ended);
      }
      expect(ends).toContain("SIGKILL");
      expect(await child(folder, "", "", "0", "1").ended).toBe(0);
      const books = await audit(files(folder));
      expect(books.violations).toEqual([]);
      expect(books.open).toEqual([]);
      expect(leftOvers(folder)).toEqual([]);
    }),
  );
});
