import type { Sql } from "odori/postgres";
import { describe, expect, it } from "vitest";
import { askedFor, open } from "../runtime/isolation.ts";
import { handling } from "../runtime/isolation-postgres.ts";
import { eventually } from "../support/eventually.ts";
import { stopping } from "../support/scope.ts";
import { postgresShelves } from "../support/shelf.ts";
import { ownServer } from "./own.ts";
import { titleOf, urlOf } from "./shared.ts";

const LIMIT_MS = 300_000;

async function processOf(tx: Sql): Promise<number> {
  return Number((await tx.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid);
}

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "a server that crashes"),
  () => {
    it("because of one handler, each time: it is parked, and the others go on", {
      timeout: LIMIT_MS,
    }, async () => {
      await using server = stopping(await ownServer("postgres"));
      const kind = postgresShelves(() => server.url);
      await using shelf = await kind.make();
      const attempts: number[] = [];
      const played = handling(async (n, tx, { attempt }) => {
        await shelf.note(tx, `${n}`);
        if (n !== 3) return;
        attempts.push(attempt);
        // The server ends all sessions when one of its processes is killed, and recovers.
        process.kill(await processOf(tx), "SIGKILL");
        await tx.query("SELECT pg_sleep(60)");
      });
      await using stage = await open(shelf, played);
      // The bus brings back what the database could not take meanwhile.
      const heard = [1, 2, 3, 4].map((n) =>
        eventually(
          `${n} is heard`,
          () => stage.hear(askedFor(n)).then((r) => r[0]?.accepted === true),
          true,
          LIMIT_MS,
        ),
      );
      await Promise.all(heard);
      const parked = async () => (await stage.parked()).map(({ attempts }) => attempts);
      await eventually("it is parked", parked, [2], LIMIT_MS);
      const notes = async () => (await shelf.seen()).notes;
      await eventually("the others are done", notes, ["1", "2", "4"], LIMIT_MS);
      // Three times an attempt, and a few times more where a group was the first.
      expect(attempts.length).toBeLessThanOrEqual(16);
      await eventually("it is ready", async () => (await stage.app.health()).state, "ready");
    });
  },
);
