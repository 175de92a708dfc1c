import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { simulate } from "odori/simulate";
import { describe, expect, it, vi } from "vitest";
import { odori, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";
import { shopWith } from "./shop.ts";

const MODULES = join(ROOT, "test", "simulate", "modules");
const HALTING = join(MODULES, "halting.simulation.ts");
const TRIP = join(MODULES, "trip.simulation.ts");
/** A Node that does not tell how much a thread computes. */
const WITHOUT_THREAD_TIME = join(MODULES, "without-thread-time.mjs");
const REMEMBERING = join(MODULES, "remembering.simulation.ts");

/** Runs the command with the environment that a module reads. */
async function odoriWith(environment: Readonly<Record<string, string>>, args: readonly string[]) {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    return await odori(args);
  } finally {
    vi.unstubAllEnvs();
  }
}

describe("a handler that does not return", { timeout: 300_000 }, () => {
  it.each(["loop", "turns"])("is named: %s", async (HALT) => {
    const environment = { HALT, ODORI_STEP_SECONDS: "1" };
    const { status, out } = await odoriWith(environment, ["simulate", HALTING, "--json"]);
    const { ok, seed, findings, schedule } = JSON.parse(out);
    const message = expect.stringMatching(/^the handler "order\.placed" of payment has not come/);
    expect({ status, ok, findings, schedule }).toEqual({
      ...{ status: 1, ok: false, schedule: undefined },
      findings: [{ code: "ENDLESS", message }],
    });
    expect(seed).toBeGreaterThan(0);
  });

  it("is not noticed where Node does not tell what a thread computes: the command says so", () => {
    const program = join(ROOT, "src", "cli", "main.ts");
    const node = ["--conditions=odori-source", "--import", WITHOUT_THREAD_TIME, program];
    const args = [...node, "simulate", TRIP, "--seeds", "60"];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining("a handler that does not return is not noticed"),
    ]);
  });

  it.each(["1", "2"])(
    "cannot make the command right by its exit, in %s threads",
    async (workers) => {
      const args = ["simulate", HALTING, "--workers", workers];
      const { status, out } = await odoriWith({ HALT: "exit" }, args);
      expect([status, out]).toEqual([
        1,
        expect.stringMatching(
          /✗ EXIT {2}the handler "order\.placed" of payment .*exit\(0\)\n {2}Again/,
        ),
      ]);
    },
  );
});

describe("what handlers keep from run to run", { timeout: 300_000 }, () => {
  it("is told where a run goes wrong by it; the schedule is neither printed nor kept", async () => {
    using folder = temporaryFolder("remembered");
    const schedules = join(folder.path, "kept.json");
    const args = ["simulate", REMEMBERING, "--schedules", schedules];
    const { status, out } = await odoriWith({ REMEMBERS: "wrong" }, args);
    expect([status, out]).toEqual([1, expect.stringContaining("✗ NOT_REPRODUCED  INVARIANT")]);
    expect(out).toContain("state outside the transactions survives");
    expect(out).not.toContain("Again");
    expect(existsSync(schedules)).toBe(false);
  });

  it("is told where all runs are right, and the first one goes otherwise after them", async () => {
    const { status, out } = await odori(["simulate", REMEMBERING]);
    expect([status, out]).toEqual([
      1,
      expect.stringMatching(/✗ NOT_REPRODUCED {2}the run of seed 1 goes otherwise .* step \d/),
    ]);
    const known = new Set<string>();
    const { choreography, options } = shopWith((orderId) => {
      if (known.has(orderId)) return;
      known.add(orderId);
      throw new Error("It is not known.");
    });
    await expect(simulate(choreography, { ...options, seeds: 20 })).rejects.toMatchObject({
      findings: [{ code: "NOT_REPRODUCED" }],
      schedule: "",
    });
  });
});

describe("Ctrl-C", { timeout: 300_000 }, () => {
  it.each(["", "loop"])("ends at once, and says what was done: %s", async (HALT) => {
    const program = join(ROOT, "src", "cli", "main.ts");
    const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning", program];
    const env = { ...process.env, HALT, SAYS: "loaded" };
    const command = [...flags, "simulate", HALTING, "--minutes", "10"];
    const child = spawn(process.execPath, command, { env, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    child.stdout.on("data", (text) => (out += text));
    await once(child.stderr, "data");
    setTimeout(() => child.kill("SIGINT"), 1_000);
    const [status] = await once(child, "close");
    expect([status, out]).toEqual([130, expect.stringMatching(/! Interrupted: .* so far/)]);
  });
});
