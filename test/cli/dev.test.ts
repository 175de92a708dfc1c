import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { blockOf, programFolder } from "../support/page-program.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");
const SAGA = blockOf(README, "ts");
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
const LIMIT = { timeout: 600_000 };
/** Three processes start at once, on a busy machine. Only a failing test takes that long. */
const WITHIN_MS = 120_000;

/** `odori dev saga.ts` as a person has it on a terminal; it ends with the scope. */
async function dev(folder: string) {
  const child = spawn(
    process.execPath,
    [...FLAGS, join(ROOT, "src", "cli", "main.ts"), "dev", "saga.ts", "--data", "data"],
    { cwd: folder },
  );
  const ended = once(child, "close");
  const seen = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (seen.out += chunk));
  child.stderr.on("data", (chunk) => (seen.err += chunk));
  const shows = (what: string, times = 1) =>
    eventually(`it shows ${what}`, () => seen.out.split(what).length > times, true, WITHIN_MS);
  const warns = (what: string) =>
    eventually(`it warns of ${what}`, () => seen.err.includes(what), true, WITHIN_MS);
  return Object.assign(seen, {
    shows,
    warns,
    ended,
    child,
    say: (line: string) => child.stdin.write(`${line}\n`),
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  });
}

function sagaFolder() {
  const folder = programFolder("saga.ts", SAGA);
  // Without it the project, and so what is watched, would be the repository.
  writeFileSync(join(folder.path, "package.json"), '{ "type": "module" }');
  return folder;
}

/** In one step: the file is never half written. */
function rewrite(folder: string, text: string): void {
  writeFileSync(join(folder, "saga.tmp"), text);
  renameSync(join(folder, "saga.tmp"), join(folder, "saga.ts"));
}

describe("odori dev", () => {
  it("runs, checks, begins sagas, shows their steps, and says what is wrong", LIMIT, async () => {
    using folder = sagaFolder();
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    await session.shows("✓ every saga ends well");
    session.say("begin");
    await session.shows("cents  number");
    session.say('begin {"sku":"umbrella","cents":500}');
    await session.shows("payment  stock.sold_out  undone -> payment.refunded");
    await session.shows("✗ failed");
    session.say('begin order.placed.v1 {"sku":"fan","cents":500}');
    await session.shows("✓ succeeded");
    session.say("again");
    await session.shows("✓ succeeded", 2);
    session.say("sagas");
    await session.shows("failed     order.cancelled  5 steps");
    session.say('begin {"sku":1}');
    session.say("fault boom stock");
    session.say("dance");
    for (const one of ["PAYLOAD_INVALID", "FAULT_INVALID", '"dance" is not a command'])
      await session.warns(one);
    session.say("quit");
    const [status] = await session.ended;
    expect(status).toBe(0);
  });

  it("loads a changed module again, with its data: what was held goes on", LIMIT, async () => {
    using folder = sagaFolder();
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    session.say("fault hold stock");
    await session.shows("fault hold stock");
    session.say('begin {"sku":"fan","cents":500}');
    await session.shows("payment  order.placed  done -> payment.charged");
    rewrite(folder.path, SAGA.replace("on: [declined, refunded]", "on: [refunded]"));
    await session.shows("Running order, payment, stock, 1 saga resumed");
    await session.shows("✓ succeeded");
    // The change has a mistake, which the check finds.
    await session.shows("✗ STUCK");
    // The beginning is remembered beyond the process in which it was.
    session.say("again");
    await session.shows("✓ succeeded", 2);
  });

  it("waits where a module cannot be loaded, and goes on once it can", LIMIT, async () => {
    using folder = sagaFolder();
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    rewrite(folder.path, "export default 1 +");
    await session.warns("The services have ended.");
    session.say("sagas");
    await session.warns("STOPPED");
    rewrite(folder.path, SAGA);
    await session.shows("Running order, payment, stock", 2);
  });

  it("a kill at a crash point loses nothing: the services start again", LIMIT, async () => {
    using folder = sagaFolder();
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    session.say("fault kill payment committed");
    await session.shows("fault kill payment committed");
    session.say('begin {"sku":"fan","cents":500}');
    await session.shows("Killed by a fault");
    await session.shows("Running order, payment, stock, 1 saga resumed");
    await session.shows("✓ succeeded");
  });

  it("ends its services with Ctrl-C, and when it is killed itself", LIMIT, async () => {
    using folder = sagaFolder();
    {
      await using session = await dev(folder.path);
      await session.shows("Running order, payment, stock");
      session.child.kill("SIGINT");
      const [status] = await session.ended;
      expect(status).toBe(0);
    }
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    // Its output ends with the last process that has it.
    session.child.kill("SIGKILL");
    const [, signal] = await session.ended;
    expect(signal).toBe("SIGKILL");
  });
});
