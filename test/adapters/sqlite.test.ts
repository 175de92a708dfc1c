import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { service, start } from "odori";
import { checkAccepted } from "odori/adapter";
import { memoryBus } from "odori/memory";
import { diagnose, type Sql, sqlite } from "odori/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isSafe } from "../../src/adapters/sqlite/version.ts";
import { sampleDeferred, writes } from "../../src/conformance/samples.ts";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "odori-sqlite-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const session = { service: "shop", owner: "p1", leaseMs: 1_000, now: Date.now };

/** Payment with an effects table, without a unique constraint. */
const payment = service<Sql>("payment", {
  setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS effects (what TEXT NOT NULL, ballast BLOB)"),
}).on(placed, {
  emits: [authorized],
  handle({ data }, { tx }) {
    tx.run("INSERT INTO effects (what, ballast) VALUES (?, zeroblob(20000))", data.orderId);
    return authorized(data);
  },
});

function effects(path: string): readonly string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT what FROM effects ORDER BY what").all();
  database.close();
  return rows.map((row) => String(row.what));
}

describe("SQLite", () => {
  it("runs in WAL mode with synchronous=FULL", async () => {
    const store = sqlite(join(folder, "shop.db"));
    await store.open(session);
    const settings = await store.transaction(async ({ native }) => [
      native.get("PRAGMA journal_mode"),
      native.get("PRAGMA synchronous"),
    ]);
    expect(settings).toEqual([{ journal_mode: "wal" }, { synchronous: 2 }]);
    // A claim need not reach the disk, and every commit after it must.
    await store.transaction(async (tx) => {
      await tx.write(writes({ defer: [sampleDeferred("1")] }));
    });
    expect((await store.claim(10)).deferred).toHaveLength(1);
    const after = await store.transaction(async ({ native }) => native.get("PRAGMA synchronous"));
    expect(after).toEqual({ synchronous: 2 });
    expect(store.durable).toBe(true);
    await store.close();
  });

  it("refuses a file that is not a database, a missing folder, and a folder", async () => {
    const garbage = join(folder, "garbage.db");
    writeFileSync(
      garbage,
      "this is not a database, but it is long enough to be looked at".repeat(100),
    );
    await expect(sqlite(garbage).open(session)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining(garbage),
    });
    await expect(sqlite(join(folder, "nowhere", "shop.db")).open(session)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    await expect(sqlite(folder).open(session)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  it("refuses a database that a newer Odori has written", async () => {
    const path = join(folder, "shop.db");
    const store = sqlite(path);
    await store.open(session);
    await store.transaction(async ({ native }) =>
      native.run("UPDATE odori_meta SET value = '99' WHERE key IN ('version', 'reads_from')"),
    );
    await store.close();
    await expect(sqlite(path).open(session)).rejects.toMatchObject({ code: "STORE_VERSION" });
  });

  it("uses a database to which a newer Odori has only added", async () => {
    const path = join(folder, "shop.db");
    const store = sqlite(path);
    await store.open(session);
    await store.transaction(async ({ native }) =>
      native.run("UPDATE odori_meta SET value = '99' WHERE key = 'version'"),
    );
    await store.close();
    await using again = closing(sqlite(path));
    await again.open(session);
    const version = await again.transaction(async ({ native }) =>
      native.get("SELECT value FROM odori_meta WHERE key = 'version'"),
    );
    expect(version).toEqual({ value: "99" });
  });

  it("reads only the database of a service, and leaves other files unchanged", async () => {
    const path = join(folder, "foreign.db");
    const foreign = new DatabaseSync(path);
    foreign.exec("CREATE TABLE mine (x)");
    await expect(sqlite(path).inspect.counts()).rejects.toMatchObject({ code: "DATA_NOT_FOUND" });
    await expect(sqlite(join(folder, "absent.db")).inspect.counts()).rejects.toMatchObject({
      code: "DATA_NOT_FOUND",
    });
    expect(foreign.prepare("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "mine" }]);
    expect(foreign.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "delete" });
    foreign.close();
  });

  it("waits for another process's transaction, and then says that it is locked", async () => {
    const path = join(folder, "shop.db");
    await using store = closing(sqlite(path, { busyTimeoutMs: 150 }));
    await store.open(session);
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    await expect(store.transaction(async () => {})).rejects.toMatchObject({
      code: "STORE_BUSY",
      message: expect.stringContaining(path),
    });
  });

  it("opens a new file that another process has locked, without blocking this one", async () => {
    const path = join(folder, "shop.db");
    await using store = closing(sqlite(path, { busyTimeoutMs: 10_000 }));
    using other = new DatabaseSync(path);
    other.exec("BEGIN EXCLUSIVE");
    const opening = store.open(session);
    setImmediate(() => other.exec("COMMIT"));
    await opening;
    expect(store.service()).toBe("shop");
  });

  it("does not block this process while it waits for another one's transaction", async () => {
    const path = join(folder, "shop.db");
    await using store = closing(sqlite(path, { busyTimeoutMs: 10_000 }));
    await store.open(session);
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const waiting = store.transaction(async () => "done");
    // If the wait blocked this thread, nothing could end the other transaction: it would be busy.
    setImmediate(() => other.exec("COMMIT"));
    expect(await waiting).toBe("done");
  });

  it("a service goes on after its database was locked, with nothing lost", async () => {
    const path = join(folder, "payment.db");
    await using bus = closing(memoryBus(["payment"]));
    const store = sqlite(path, { busyTimeoutMs: 30 });
    await using app = stopping(await start(payment, { store, bus, logger: silent }));
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const published = bus.publish([envelope(placed, "s", { orderId: "o" })]);
    await eventually("it is degraded", async () => (await app.health()).state, "degraded");
    expect(await app.health()).toMatchObject({ problem: "STORE_BUSY" });
    other.exec("COMMIT");
    other.close();
    await published;
    expect(effects(path)).toEqual(["o"]);
    expect(await app.health()).toMatchObject({ state: "ready", problem: undefined });
    expect((await app.inspect.journal("s")).map(({ disposition }) => disposition)).toEqual([
      "done",
    ]);
  });

  it("a full disk: refused with a code; with more room it goes on, nothing lost", async () => {
    const path = join(folder, "payment.db");
    const bus = memoryBus(["payment"]);
    const small = await start(payment, {
      store: sqlite(path, { maxBytes: 1_000_000 }),
      bus,
      logger: silent,
    });
    const events = Array.from({ length: 80 }, (_, i) =>
      envelope(placed, `saga ${i}`, { orderId: `o${String(i).padStart(2, "0")}` }),
    );
    const all = events.map((_, i) => `o${String(i).padStart(2, "0")}`);
    const published = bus.publish(events).catch((error: unknown) => error);
    await eventually("it is full", async () => (await small.health()).problem, "STORE_FULL");
    const before = effects(path).length;
    expect(before).toBeLessThan(80);
    await small.stop();
    await published;
    await bus.close();
    await using roomy = closing(memoryBus(["payment"]));
    await using large = stopping(
      await start(payment, { store: sqlite(path), bus: roomy, logger: silent }),
    );
    checkAccepted(await roomy.publish(events));
    // A handler that met the full disk by its own statement is retried.
    await eventually("all are done", async () => [...effects(path)].sort().join(), all.join());
    await eventually(
      "nothing is left",
      async () => JSON.stringify((await large.inspect.counts()).deferred),
      "{}",
    );
  });

  it("too little room for the tables themselves: refused with that reason", async () => {
    const store = sqlite(join(folder, "payment.db"), { maxBytes: 8_192 });
    await expect(
      start(payment, { store, bus: memoryBus(["payment"]), logger: silent }),
    ).rejects.toMatchObject({ code: "STORE_FULL" });
  });

  it("two processes on one file each do their part, and nothing is done twice", {
    timeout: 600_000,
  }, async () => {
    const path = join(folder, "payment.db");
    const running = [1, 2].map((number) => worker(path, number));
    const statuses = await Promise.all(
      running.map((child) => new Promise((resolve) => child.once("exit", resolve))),
    );
    expect(statuses).toEqual([0, 0]);
    const found = effects(path);
    expect(found.length).toBe(300);
    expect(new Set(found).size).toBe(300);
    expect(diagnose(path, Date.now()).filter(({ level }) => level !== "ok")).toEqual([]);
  });

  it("knows which versions of SQLite are safe for several processes", () => {
    for (const version of ["3.51.3", "3.51.10", "3.52.0", "4.0.0"])
      expect([version, isSafe(version)]).toEqual([version, true]);
    for (const version of ["3.51.2", "3.50.9", "3.7.0", "2.8.17", ""])
      expect([version, isSafe(version)]).toEqual([version, false]);
  });

  it("diagnose says what is wrong", async () => {
    const path = join(folder, "payment.db");
    const bus = memoryBus(["payment"]);
    const app = await start(payment, { store: sqlite(path), bus, logger: silent });
    await bus.publish([envelope(placed, "s", { nonsense: 1 })]);
    await app.stop();
    expect(diagnose(path, Date.now()).filter(({ level }) => level !== "ok")).toMatchObject([
      { check: "parked", level: "warning" },
    ]);
    expect(diagnose(join(folder, "absent.db"), 0)).toMatchObject([
      { level: "error", check: "DATA_NOT_FOUND" },
    ]);
  });

  it("a closed store opens no connection, until it is opened again", async () => {
    const store = sqlite(join(folder, "closed.db"));
    await store.open(session);
    await store.close();
    rmSync(join(folder, "closed.db"));
    const closed = { code: "STOPPED" };
    await expect(store.transaction(async () => {})).rejects.toMatchObject(closed);
    await expect(store.inspect.counts()).rejects.toMatchObject(closed);
    expect(() => store.detached()).toThrow(expect.objectContaining(closed));
    expect(existsSync(join(folder, "closed.db"))).toBe(false);
    await store.open(session);
    expect(store.service()).toBe("shop");
    await store.close();
  });
});

/** A process that handles the same 300 events as its sibling, in another order. */
function worker(path: string, number: number): ChildProcess {
  const file = new URL("sqlite-worker.ts", import.meta.url).pathname;
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  return spawn(process.execPath, [...flags, file, path, String(number)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}
