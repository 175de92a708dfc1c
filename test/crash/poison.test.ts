import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { sqlite } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { closing, temporaryFolder } from "../support/scope.ts";

const CHILD = fileURLToPath(new URL("poison-child.ts", import.meta.url));
/** The first death leaves no trace: a healthy service writes no attempt. Three more do. */
const DEATHS_MAX = 4;

/** Runs the child. Returns the signal or status with which it ended. */
function run(...args: readonly string[]): string | number {
  const options = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const stdio = ["ignore", "ignore", "ignore"] as const;
  const { signal, status } = spawnSync(process.execPath, [...options, CHILD, ...args], {
    stdio: [...stdio],
  });
  return signal ?? status ?? "?";
}

describe("a handler that ends its process", () => {
  it.each([
    ["kill", "SIGKILL"],
    ["exit", 7],
  ])("is parked after three deaths, and its neighbours are done: %s", async (how, end) => {
    using folder = temporaryFolder("poison");
    const ends = [run(folder.path, how, "begin")];
    while (ends.at(-1) === end && ends.length <= DEATHS_MAX + 1) ends.push(run(folder.path, how));
    expect(ends).toEqual([...Array(DEATHS_MAX).fill(end), 0]);
    const path = join(folder.path, "payment.db");
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare("SELECT id FROM charges ORDER BY id").all();
    database.close();
    expect(rows.map(({ id }) => id)).toEqual([..."abcdefghij"]);
    await using store = closing(sqlite(path));
    const parked = await store.inspect.deferred(["parked"], 10);
    expect(parked.map(({ sagaId, problem }) => [sagaId, problem?.code])).toEqual([
      ["poison", "CRASHED"],
    ]);
  });
});
