import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, manifestOf } from "odori/check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../test/support/eventually.ts";
import { freePort } from "../../test/support/free-ports.ts";
import choreography from "./choreography.ts";
import { files } from "./database.ts";
import { makeOrders } from "./orders.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

let data = "";
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "odori-order-"));
});
afterEach(() => rmSync(data, { recursive: true }));

const atLeastOne = (count: number) => count > 0;

interface Ran {
  readonly status: number | string;
  readonly out: string;
  readonly err: string;
}

/** Runs the example as `npm start` does; killed as soon as `until` resolves, where given. */
function run(
  args: readonly string[],
  until?: () => Promise<unknown>,
  environment: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...flags, MAIN, "--data", data, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const killed = until?.().finally(() => child.kill("SIGKILL"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    killed?.catch(reject);
    child.once("close", (code, signal) => {
      // On a busy machine the example says how far it is.
      const said = err.replaceAll(/^\d+ of \d+ orders have ended, .*\n/gm, "");
      resolve({ status: signal ?? code ?? "?", out, err: said });
    });
  });
}

/** How many orders are in a state. Rejects as long as the process has not made its tables. */
async function ordersIn(state: string): Promise<number> {
  const databases = files(data);
  const count = `SELECT count(*) AS orders FROM orders WHERE state = '${state}'`;
  try {
    const [row] = await databases.read("order", count);
    return Number(row?.orders);
  } finally {
    await databases.close();
  }
}

describe("the order example", () => {
  it("prints each order as a timeline, and a summary that adds up", async () => {
    const { status, out, err } = await run([]);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain(`: npm start -- --data ${data} --orders 0 --console\n`);
    for (const title of [
      "order-000001 succeeded",
      "failed at payment, and was undone",
      "failed at inventory, and was undone",
      "failed at shipping, and was undone",
    ]) {
      expect(out).toContain(title);
    }
    expect(out).toMatch(/payment +inventory\.released +< undid authorized +-> payment\.refunded/);
    expect(out).toContain("was delivered once more, and nothing changed");
    expect(out).toContain("8 orders: 5 succeeded, 3 undone");
    expect(out).toContain("everything adds up");
    expect(out).not.toContain("\u001b");
  });

  it("--orders, --fail-rate, --duplicates and --json, twice on the same data", async () => {
    const args = ["--orders", "200", "--fail-rate", "0.3", "--duplicates", "--json", "--show", "2"];
    const first = await run(args);
    expect({ status: first.status, err: first.err }).toEqual({ status: 0, err: "" });
    const { summary, sagas, redelivered } = JSON.parse(first.out);
    expect(summary).toMatchObject({
      orders: 200,
      succeeded: 140,
      undone: 60,
      completed: 140,
      cancelled: 60,
      open: [],
      violations: [],
    });
    expect(sagas.length).toBe(2);
    expect(redelivered).toEqual({ orderId: "order-000001", changed: false });
    const second = JSON.parse((await run(args)).out);
    expect(second.summary).toMatchObject({
      orders: 200,
      completed: 280,
      cancelled: 120,
      violations: [],
    });
  });

  it("each service in a process of its own, over HTTP", async () => {
    const args = ["--bus", "http", "--orders", "100", "--fail-rate", "0.3", "--json"];
    const ports = { ORDER_HTTP: String(await freePort(4)) };
    const { status, out, err } = await run(args, undefined, ports);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(JSON.parse(out).summary).toMatchObject({ orders: 100, succeeded: 70, undone: 30 });
  });

  it("killed in the middle and started again: every open order reaches its end exactly once", {
    timeout: 600_000,
  }, async () => {
    const inTheMiddle = async () => {
      await eventually("an order has succeeded", () => ordersIn("completed"), atLeastOne);
      await eventually("an order is under way", () => ordersIn("placed"), atLeastOne);
    };
    // A batch may end between the last look and the signal: then once more.
    let open = 0;
    while (open === 0) {
      const killed = await run(["--orders", "100000", "--fail-rate", "0.3"], inTheMiddle);
      expect(killed.status).toBe("SIGKILL");
      open = await ordersIn("placed");
    }
    const { status, out } = await run(["--orders", "0", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(out).summary).toMatchObject({
      orders: open,
      resumed: open,
      open: [],
      violations: [],
    });
  });

  it("--help, and arguments that make no sense", async () => {
    const help = await run(["--help"]);
    expect(help.status).toBe(0);
    expect(help.out).toContain("Examples:");
    for (const args of [
      ["--orders", "-1"],
      ["--orders", "many"],
      ["--fail-rate", "2"],
      ["--fail-rate", ""],
      ["--nonsense"],
    ]) {
      const { status, err } = await run(args);
      expect(status).toBe(2);
      expect(err).toContain("error:");
    }
  });

  it("as many orders fail as the rate says, at each place in turn", () => {
    for (const [count, rate, expected] of [
      [8, 0.4, 3],
      [1_000, 0.3, 300],
      [10, 0, 0],
      [10, 1, 10],
      [0, 0.5, 0],
    ] as const) {
      const orders = makeOrders(1, count, rate);
      const failing = orders.filter(
        (order) =>
          order.sku === "moon" || order.destination === "Atlantis" || order.amountCents > 100_000,
      );
      expect([orders.length, failing.length]).toEqual([count, expected]);
    }
  });
});

it("the order saga is proved: it ends well in every order, with duplicates and failures", () => {
  const { ok, findings } = check(manifestOf(choreography));
  expect([ok, findings]).toEqual([true, []]);
});

it("the order saga ends well when processes crash, as far as 20,000 states reach", () => {
  // All crashes are 797,729 states: `odori check --crashes --states 1000000` explores them.
  const report = check(manifestOf(choreography), { crashes: true, statesMax: 20_000 });
  expect(report.crashes?.exhaustive).toBe(false);
  expect(report.findings.map(({ code }) => code)).toEqual(["NOT_EXHAUSTIVE"]);
});
