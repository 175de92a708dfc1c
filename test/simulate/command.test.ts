import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { start } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { odori, ROOT } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { placed, shopWith } from "./shop.ts";

const MODULES = join(ROOT, "test", "simulate", "modules");
const TRIP = join(MODULES, "trip.simulation.ts");
const BROKEN = join(MODULES, "broken.simulation.ts");
const SHOP = join(MODULES, "shop.simulation.ts");
const THROWN = join(MODULES, "thrown.simulation.ts");
const UNKEYED = join(MODULES, "unkeyed.simulation.ts");
const POSTGRES = join(MODULES, "pg.simulation.ts");
/** As Node fails where a package is not installed. */
const WITHOUT_PGLITE = join(ROOT, "test", "simulate", "modules", "without-pglite.mjs");

describe("odori simulate", { timeout: 600_000 }, () => {
  it("says how many runs are right, and how much of the model they have reached", async () => {
    const { status, out } = await odori(["simulate", TRIP, "--seeds", "60"]);
    expect([status, out]).toEqual([
      0,
      expect.stringMatching(/^trip: 3 services\n\n✓ 60 runs are right; \d+ of 130 states/),
    ]);
  });

  it("makes the same runs in several threads", async () => {
    const one = await odori(["simulate", TRIP, "--seeds", "60", "--json"]);
    const two = await odori(["simulate", TRIP, "--seeds", "60", "--json", "--workers", "2"]);
    expect([two.status, JSON.parse(two.out)]).toEqual([one.status, JSON.parse(one.out)]);
  });

  it("puts all that services have into SQLite, also in threads", async () => {
    const flags = ["simulate", TRIP, "--seeds", "60", "--store", "sqlite", "--json"];
    const one = await odori(flags);
    const two = await odori([...flags, "--workers", "2"]);
    expect([one.status, JSON.parse(one.out).runs]).toEqual([0, 60]);
    expect([two.status, JSON.parse(two.out)]).toEqual([one.status, JSON.parse(one.out)]);
    const { status, out, err } = await odori(["simulate", TRIP, "--store", "paper"]);
    expect([status, out, err]).toEqual([2, "", expect.stringContaining("rows, sqlite")]);
  });

  it("runs handlers of Postgres, also in threads", { timeout: 300_000 }, async () => {
    const flags = ["simulate", POSTGRES, "--seeds", "60", "--json"];
    const one = await odori(flags);
    const two = await odori([...flags, "--workers", "2", "--store", "pglite"]);
    expect([one.status, JSON.parse(one.out).runs]).toEqual([0, 60]);
    expect([two.status, JSON.parse(two.out)]).toEqual([one.status, JSON.parse(one.out)]);
  });

  it("says which store a simulation can have, and which packages are missing", async () => {
    const refused = [
      ["simulate", TRIP, "--store", "pglite"],
      ["simulate", POSTGRES, "--store", "rows"],
    ];
    for (const args of refused) {
      const { status, err } = await odori(args);
      expect([status, err]).toEqual([2, expect.stringContaining("OPTION_INVALID")]);
    }
    const program = join(ROOT, "src", "cli", "main.ts");
    const node = ["--conditions=odori-source", "--import", WITHOUT_PGLITE, program];
    const ran = spawnSync(process.execPath, [...node, "simulate", POSTGRES], { encoding: "utf8" });
    expect([ran.status, ran.stderr]).toEqual([2, expect.stringContaining("PGLITE_MISSING")]);
    expect(ran.stderr).toContain("npm install --save-dev @electric-sql/pglite pg");
  });

  it("goes through every single departure", async () => {
    const { status, out } = await odori(["simulate", TRIP, "--systematic", "1", "--json"]);
    const { ok, runs, findings } = JSON.parse(out);
    expect({ status, ok, findings }).toEqual({ status: 0, ok: true, findings: [] });
    expect(runs).toBeGreaterThan(100);
  });

  it("draws a run that goes wrong, keeps it, and repeats it first", async () => {
    using folder = temporaryFolder("kept");
    const schedules = join(folder.path, "kept.json");
    const flags = ["--schedules", schedules, "--json"];
    const first = JSON.parse((await odori(["simulate", BROKEN, ...flags])).out);
    expect(first).toMatchObject({ ok: false, findings: [{ code: "INVARIANT" }] });
    expect(first.drawn.join("\n")).toContain("gateway answers");
    expect(JSON.parse(readFileSync(schedules, "utf8"))).toMatchObject([
      { schedule: first.schedule },
    ]);
    const second = JSON.parse((await odori(["simulate", BROKEN, ...flags])).out);
    expect(second).toMatchObject({ runs: 1, schedule: first.schedule });
    const told = await odori(["simulate", BROKEN, "--schedules", schedules]);
    expect(told.out).toMatch(/Found in 1 run: .*\n.*\n {2}Kept in .*kept\.json\./);
    const replay = await odori(["simulate", BROKEN, "--replay", first.schedule]);
    expect([replay.status, replay.out]).toEqual([
      1,
      expect.stringContaining("Found in 1 run: 1 departure from the calm run."),
    ]);
    const right = JSON.parse((await odori(["simulate", TRIP, "--seeds", "40", ...flags])).out);
    expect(right).toMatchObject({ ok: true, runs: 41, kept: 1 });
  });

  it("draws a run whose handler has thrown what no thread can tell another one", async () => {
    using folder = temporaryFolder("kept");
    const flags = ["simulate", THROWN, "--schedules", join(folder.path, "kept.json")];
    for (const more of [
      ["--systematic", "1"],
      ["--seeds", "20"],
      ["--replay", ""],
    ]) {
      const all = more[0] === "--replay" ? ["simulate", THROWN, ...more] : [...flags, ...more];
      const { status, out } = await odori(all);
      expect([status, out]).toEqual([
        1,
        expect.stringMatching(/✗ PARKED[\s\S]*the bank is closed/),
      ]);
    }
  });

  it("draws a run that it cannot keep, and says why", async () => {
    using folder = temporaryFolder("kept");
    const schedules = join(folder.path, "nowhere", "kept.json");
    const { status, out, err } = await odori(["simulate", BROKEN, "--schedules", schedules]);
    expect([status, out]).toEqual([1, expect.stringContaining("✗ INVARIANT")]);
    expect(out).not.toContain("Kept in");
    expect(err).toContain("! The schedule is not kept in ");
  });

  it("says where it has not made every run with few departures", async () => {
    const flags = ["simulate", TRIP, "--systematic", "2", "--minutes", "0.00001"];
    const { status, out } = await odori([...flags, "--json"]);
    expect([status, JSON.parse(out)]).toMatchObject([0, { runs: 1, leftOut: "time" }]);
    expect((await odori(flags)).out).toContain("! Not every run was made: the time was up.");
    const whole = await odori(["simulate", SHOP, "--systematic", "1", "--json"]);
    expect(JSON.parse(whole.out)).not.toHaveProperty("leftOut");
  });

  it("tells which kept schedules no longer apply, and goes on", async () => {
    using folder = temporaryFolder("kept");
    const file = join(folder.path, "kept.json");
    const [gone, applies] = ["crash nothing#3,next#1", "next#1"];
    const kept = [gone, applies].map((schedule) => ({ schedule, finding: "STUCK: it was" }));
    writeFileSync(file, JSON.stringify(kept));
    const flags = ["simulate", SHOP, "--seeds", "20", "--schedules", file];
    const { status, out } = await odori([...flags, "--json"]);
    expect([status, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ ok: true, runs: 22, kept: 2, outdated: [gone] }),
    ]);
    const told = await odori(flags);
    expect([told.status, told.out]).toEqual([
      0,
      expect.stringContaining(`! The schedule "${gone}" no longer applies`),
    ]);
  });

  it("refuses other modules, schedules and files", async () => {
    using folder = temporaryFolder("kept");
    const file = join(folder.path, "kept.json");
    writeFileSync(file, '[{"schedule":5}]');
    const refused = [
      ["simulate", join(ROOT, "examples", "order", "choreography.ts")],
      ["simulate", TRIP, "--replay", "no schedule"],
      ["simulate", TRIP, "--schedules", file],
      ["simulate", TRIP, "--replay", file],
      ["simulate", TRIP, "--replay", "crash train#0"],
    ];
    const codes = refused.map(async (args) => {
      const { status, err } = await odori(args);
      return [status, err.split(":")[0]];
    });
    expect(await Promise.all(codes)).toEqual([
      [2, "SIMULATION_MISSING"],
      [2, "SCHEDULE_INVALID"],
      [2, "SCHEDULE_INVALID"],
      [2, "SCHEDULE_INVALID"],
      [2, "SCHEDULE_INVALID"],
    ]);
  });

  it("refuses options of which one would be ignored", async () => {
    const together = [
      ["--systematic", "1", "--seeds", "5"],
      ["--systematic", "1", "--workers", "2"],
      ["--replay", "next#1", "--workers", "2"],
      ["--replay", "next#1", "--seed", "5"],
      ["--minutes", "1", "--seeds", "5"],
    ];
    for (const flags of together) {
      const { status, err } = await odori(["simulate", SHOP, ...flags]);
      expect([status, err]).toEqual([2, expect.stringMatching(/^USAGE: .*cannot be used with/)]);
    }
  });

  it("names the store in the line that repeats a run, and in the file", async () => {
    using folder = temporaryFolder("kept");
    const schedules = join(folder.path, "kept.json");
    const flags = ["--store", "sqlite", "--schedules", schedules];
    const { out } = await odori(["simulate", BROKEN, ...flags]);
    expect(out).toContain("--store sqlite --replay ");
    expect(JSON.parse(readFileSync(schedules, "utf8"))).toMatchObject([{ store: "sqlite" }]);
    const { out: again } = await odori(["simulate", BROKEN, "--schedules", schedules]);
    expect(again).toContain("--store sqlite --replay ");
  });

  it("plays a saga of production again, in the order in which it went", async () => {
    using folder = temporaryFolder("recorded");
    let calls = 0;
    const { choreography } = shopWith(() => {
      if (calls++ < 2) throw new Error("The bank is away.");
    });
    const bus = memoryBus([...choreography.services]);
    const apps = await Promise.all(
      choreography.services.map((service) => {
        const store = sqlite(join(folder.path, `${service.name}.db`));
        return start(service, { store, bus, logger: silent, retry: { firstMs: 1, longestMs: 1 } });
      }),
    );
    const [shop] = apps;
    await shop?.begin("o-1", () => placed({ orderId: "o-1" }));
    const handled = async () => {
      const rows = await Promise.all(apps.map((app) => app.inspect.journal("o-1")));
      return rows.flatMap((journal) => journal.map(({ disposition }) => disposition));
    };
    await eventually("both have done it", handled, ["begun", "done"]);
    await Promise.all(apps.map((app) => app.stop()));
    const file = join(folder.path, "trace.json");
    const exported = await odori(["trace", "o-1", "--data", folder.path, "--export", file]);
    expect(exported.status).toBe(0);
    const { steps } = JSON.parse(readFileSync(file, "utf8"));
    expect(steps).toMatchObject([{ service: "order" }, { service: "payment", attempt: 3 }]);
    const { status, out } = await odori(["simulate", SHOP, "--replay", file]);
    expect([status, out]).toEqual([0, expect.stringContaining("✓ the run is right")]);
    expect(out).not.toContain("differs");
    const other = join(folder.path, "other.json");
    const gone = { service: "payment", reaction: "gone", disposition: "done" };
    writeFileSync(other, JSON.stringify({ version: 1, sagaId: "o-1", steps: [...steps, gone] }));
    const lost = await odori(["simulate", SHOP, "--replay", other]);
    expect([lost.status, lost.out]).toEqual([
      1,
      expect.stringContaining("✗ NOT_FOLLOWED  step 3 of 3 does not happen, payment: gone done."),
    ]);
    // Its payment was tried three times: what was charged before it failed was charged thrice.
    const wrong = JSON.parse((await odori(["simulate", UNKEYED, "--replay", file, "--json"])).out);
    expect(wrong).toMatchObject({
      ok: false,
      findings: [{ code: "INVARIANT", message: expect.stringContaining("charged twice") }],
      schedule: "handler payment#0=2",
    });
  });
});
