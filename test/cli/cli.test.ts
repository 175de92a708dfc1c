import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { service, start } from "odori";
import { http } from "odori/http";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serve } from "../servers/http.ts";
import { odori, ROOT } from "../support/command.ts";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const EXAMPLE = join(ROOT, "examples", "order", "choreography.ts");
const ORDER =
  '{"orderId":"o-1","amountCents":500,"sku":"fan","quantity":1,"destination":"Atlantis"}';

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "odori-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Makes a database with parked deliveries, one of which has another one waiting behind it. */
async function withParked(): Promise<void> {
  const payment = service<Sql>("payment").on(placed, {
    emits: [authorized],
    key: (event) => event.data.orderId,
    handle: (event) => authorized(event.data),
  });
  await using bus = closing(memoryBus(["payment"]));
  const store = sqlite(join(folder, "payment.db"));
  await using _app = stopping(await start(payment, { store, bus, logger: silent }));
  await bus.publish([envelope(placed, "saga-1", { wrong: "\u001b[31mred" }, { id: "e1" })]);
  await bus.publish([envelope(placed, "saga-1", { orderId: "o" }, { id: "e2" })]);
  await bus.publish([envelope(placed, "saga-2", { wrong: true }, { id: "e3" })]);
}

describe("odori", () => {
  it("prints --version, and --help for each command", { timeout: 600_000 }, async () => {
    const help = await odori(["--help"]);
    expect(help).toMatchObject({ status: 0, err: "" });
    for (const command of [
      "init",
      "check",
      "draw",
      "explain",
      "manifest",
      "diff",
      "asyncapi",
      "link",
      "run",
      "sagas",
      "ledger",
      "trace",
      "parked",
      "doctor",
    ]) {
      expect(help.out).toContain(command);
      const own = await odori([command, "--help"]);
      expect(own).toMatchObject({ status: 0, err: "" });
      expect(own.out).toContain("Usage: odori ");
    }
    expect((await odori(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("run begins a saga, runs it to its end and prints it; trace prints the same", async () => {
    const ran = await odori([
      "run",
      EXAMPLE,
      "--data",
      folder,
      "--begin",
      "order.placed.v1",
      "--saga",
      "s-1",
      "--payload",
      ORDER,
      "--until-idle",
    ]);
    expect(ran).toMatchObject({ status: 0, err: "" });
    expect(ran.out).toContain("Running order, payment, inventory, shipping");
    const traced = await odori(["trace", "s-1", "--data", folder]);
    expect(traced.status).toBe(0);
    expect(ran.out.endsWith(traced.out)).toBe(true);
    const steps = traced.out
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/^ *\+\d+ ms +/, "").replace(/ +/g, " "));
    const waits = ["inventory", "shipping"].map(
      (name) => `${name} order.placed waits for other events`,
    );
    expect(steps).toEqual(expect.arrayContaining(waits));
    expect(steps.filter((step) => !waits.includes(step))).toEqual([
      "order began -> order.placed",
      "payment order.placed authorized -> payment.authorized",
      "inventory payment.authorized reserved -> inventory.reserved",
      "shipping inventory.reserved x failed -> shipping.failed",
      "inventory shipping.failed < undid reserved -> inventory.released",
      "payment inventory.released < undid authorized -> payment.refunded",
      "order payment.refunded < undid placed -> order.cancelled",
    ]);
    expect((await odori(["trace", "--data", folder])).out).toBe("s-1\n");
    const json = JSON.parse((await odori(["trace", "s-1", "--data", folder, "--json"])).out);
    const acted = json.steps.filter(
      ({ disposition }: { disposition: string }) => disposition !== "gathered",
    );
    expect(acted.map((one: { service: string }) => one.service)).toEqual([
      "order",
      "payment",
      "inventory",
      "shipping",
      "inventory",
      "payment",
      "order",
    ]);
  });

  it("run stops cleanly on Ctrl-C", async () => {
    expect(await odori(["run", EXAMPLE, "--data", folder], "Running")).toMatchObject({
      status: 0,
      err: "",
    });
    const { out } = await odori(["doctor", "--data", folder, "--json"]);
    const { databases } = JSON.parse(out);
    expect(databases.length).toBe(4);
    for (const { checks } of databases)
      expect(checks).toContainEqual({ level: "ok", check: "processes", message: "0 running" });
  });

  const PATIENT = join(ROOT, "test", "cli", "fixtures", "patient.ts");
  const begins = (payload: string) => ["--begin", "order.opened.v1", "--payload", payload];

  it("run --until-idle does not wait for deadlines", async () => {
    const args = ["run", PATIENT, "--data", folder, "--until-idle", ...begins("{}")];
    expect(await odori(args)).toMatchObject({ status: 0, err: "" });
    const { out } = await odori(["sagas", "--data", folder]);
    expect(out).toMatch(/waiting +order: deadline order\.late due in 6 d/);
  });

  it("a second Ctrl-C ends run at once, also while a handler hangs", async () => {
    const args = ["run", PATIENT, "--data", folder, ...begins('{"hang":true}')];
    expect((await odori(args, "It hangs.", undefined, 2)).status).toBe(130);
  });

  it("parked lists, retries and discards deliveries", async () => {
    await withParked();
    const listed = await odori(["parked", "list", "--data", folder]);
    expect(listed.status).toBe(1);
    expect(listed.out.split("\n")[1]).toMatch(
      /^payment\/1 +parked +order\.placed +saga-1 +1 +\S+ +PAYLOAD_INVALID /,
    );
    expect(listed.out).not.toContain("\u001b");
    const all = JSON.parse(
      (await odori(["parked", "list", "--all", "--json", "--data", folder])).out,
    );
    expect(all.parked.map((row: { id: string; state: string }) => [row.id, row.state])).toEqual([
      ["payment/1", "parked"],
      ["payment/2", "waiting"],
      ["payment/3", "parked"],
    ]);
    expect((await odori(["trace", "saga-1", "--data", folder])).status).toBe(1);
    expect(
      await odori(["parked", "discard", "payment/1", "--reason", "a test", "--data", folder]),
    ).toMatchObject({
      status: 0,
      out: "payment/1 is discarded\n",
    });
    expect((await odori(["trace", "saga-1", "--data", folder])).out).toContain(
      "discarded by hand: a test\n",
    );
    expect(await odori(["parked", "retry", "payment/3", "--data", folder])).toMatchObject({
      status: 0,
      out: "payment/3 will be retried\n",
    });
    expect(await odori(["parked", "list", "--data", folder])).toMatchObject({
      status: 0,
      out: `Nothing is parked in ${folder}.\n`,
    });
    expect((await odori(["parked", "retry", "payment/3", "--data", folder])).err).toContain(
      "NOT_PARKED",
    );
    // The delivery behind the discarded one is due, and so is the retried one. The next start runs
    // both.
    const later = JSON.parse(
      (await odori(["parked", "list", "--all", "--json", "--data", folder])).out,
    );
    expect(later.parked.map((row: { state: string }) => row.state)).toEqual([
      "discarded",
      "retrying",
      "retrying",
    ]);
  });

  it("doctor reports warnings and errors", async () => {
    await withParked();
    writeFileSync(join(folder, "garbage.db"), "no database");
    const { status, out } = await odori(["doctor", "--data", folder]);
    expect(status).toBe(1);
    expect(out).toContain("2 deliveries are parked");
    expect(out).toContain("STORE_UNAVAILABLE");
  });

  it("doctor asks a subscriber over HTTP", async () => {
    await using bus = closing(http({ receive: { unsigned: true, origins: ["*"] } }));
    const server = await serve(bus.handler);
    const { status, out } = await odori(["doctor", "--http", server.url]);
    await server.close();
    expect(out).toMatch(/http\n +ok +127\.0\.0\.1:\d+ +replies 200, permits /);
    expect(status).toBe(0);
    const gone = await odori(["doctor", "--http", server.url]);
    expect([gone.status, gone.out]).toEqual([1, expect.stringMatching("ECONNREFUSED")]);
  });

  const wrong: readonly (readonly [code: string, ...args: readonly string[]])[] = [
    ["USAGE", "bogus"],
    ["USAGE", "run"],
    ["USAGE", "parked", "discard", "payment/1"],
    ["USAGE", "run", EXAMPLE, "--begin", "nothing.known.v1"],
    ["USAGE", "run", EXAMPLE, "--begin", "order.placed.v1", "--payload", "{"],
    ["MODULE_UNREADABLE", "run", "nowhere.ts"],
    ["MODULE_UNREADABLE", "run", join(ROOT, "package.json")],
    ["DATA_NOT_FOUND", "trace", "x", "--data", "/nowhere/at/all"],
    ["DATA_NOT_FOUND", "parked", "list", "--data", "/nowhere/at/all"],
  ];
  it.each(wrong)("%s, exit 2: %s %s", async (code, ...args) => {
    const text = await odori([...args.filter((arg) => arg !== undefined)]);
    expect(text).toMatchObject({ status: 2, out: "" });
    expect(text.err.startsWith(`${code}: `)).toBe(true);
  });

  it("a command of which only parts can run prints its help", async () => {
    const { status, out, err } = await odori(["parked"]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^Usage: odori parked .*\n/);
    expect(err).not.toContain("outputHelp");
  });

  it("prints errors as JSON with --json", async () => {
    const { status, out } = await odori(["trace", "x", "--json", "--data", "/nowhere/at/all"]);
    expect(status).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ ok: false, error: { code: "DATA_NOT_FOUND" } });
  });

  it("rejects an unknown saga, and an invalid id of a delivery", async () => {
    await withParked();
    expect(await odori(["trace", "unknown", "--data", folder])).toMatchObject({
      status: 2,
      err: expect.stringContaining("DATA_NOT_FOUND"),
    });
    for (const id of ["payment", "payment/x", "shipping/1", "../1"]) {
      expect(await odori(["parked", "retry", id, "--data", folder])).toMatchObject({
        status: 2,
        err: expect.stringContaining("USAGE"),
      });
    }
  });

  it("a running service picks up a retried delivery at once", async () => {
    let broken = true;
    const payment = service<Sql>("payment").on(placed, {
      emits: [authorized],
      handle(event) {
        if (broken) throw new Error("not now");
        return authorized(event.data);
      },
    });
    await using bus = closing(memoryBus(["payment"]));
    const store = sqlite(join(folder, "payment.db"));
    await using app = stopping(
      await start(payment, { store, bus, logger: silent, retry: { attempts: 1 } }),
    );
    await bus.publish([envelope(placed, "s", { orderId: "o" })]);
    broken = false;
    expect((await odori(["parked", "retry", "--all", "--data", folder])).status).toBe(0);
    const dispositions = async () =>
      (await app.inspect.journal("s")).map(({ disposition }) => disposition);
    await eventually("it is done", dispositions, ["done"]);
  });
});
