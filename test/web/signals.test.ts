import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { ROOT } from "../tidy/sources.ts";

const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];

/** A process that stops as `stop` says, and has printed that it waits. */
async function waiting(
  stop: string,
  kind: "async " | "" = "async ",
): Promise<ChildProcess & { readonly out: () => string }> {
  const program = `import { stopOnSignals } from "odori/web";
    const busy = setInterval(() => {}, 1_000);
    stopOnSignals(${kind}() => { console.log("stopping"); ${stop} });
    console.log("ready");`;
  const args = [...FLAGS, "--input-type=module", "-e", program];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    out += chunk;
  });
  await once(child.stdout, "data");
  return Object.assign(child, { out: () => out });
}

describe("signals", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "%s stops, and the process ends by itself",
    async (signal) => {
      const child = await waiting("clearInterval(busy); console.log('stopped');");
      child.kill(signal);
      const [code] = await once(child, "close");
      expect([code, child.out()]).toEqual([0, "ready\nstopping\nstopped\n"]);
    },
  );

  it("a second signal ends the process at once, also while stopping hangs", async () => {
    const child = await waiting("await new Promise(() => {});");
    child.kill("SIGTERM");
    if (child.stdout !== null) await once(child.stdout, "data");
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect([code, child.out()]).toEqual([130, "ready\nstopping\n"]);
  });

  it.each([
    ["is rejected", "async "],
    ["is thrown", ""],
  ] as const)(
    "a failure of stopping that %s is printed, and is the exit status",
    async (_, kind) => {
      const child = await waiting("clearInterval(busy); throw new Error('the bus hangs');", kind);
      child.kill("SIGTERM");
      const [code] = await once(child, "close");
      expect([code, child.out()]).toEqual([1, "ready\nstopping\nStopping failed: the bus hangs\n"]);
    },
  );
});
