import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SECRET } from "../servers/http.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-ports.ts";
import { temporaryFolder } from "../support/scope.ts";
import { ROOT } from "../tidy/sources.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "http.md"), "utf8");
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
const TOOLS = ["python3 --version", "curl --version", "openssl version", "bash --version"];
const missing = TOOLS.filter((tool) => {
  const [name = "", ...args] = tool.split(" ");
  return spawnSync(name, args).status !== 0;
});

/** The code of the page in a language, as it is printed there. */
function block(language: string): string {
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(PAGE)?.[1] ?? "";
}

/** A program of the page, which ends with the scope. */
function run(command: string, args: readonly string[], folder: string, env: NodeJS.ProcessEnv) {
  const child: ChildProcess = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, SECRET, ...env },
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const program = { out: "", err: "" };
  child.stdout?.on("data", (chunk) => (program.out += chunk));
  child.stderr?.on("data", (chunk) => (program.err += chunk));
  return Object.assign(program, {
    ended,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  });
}

describe(`the page on HTTP${missing.length > 0 ? `, without ${missing.join(", ")}` : ""}`, () => {
  it.skipIf(missing.length > 0)("a webhook, a service, and one in Python are a saga", async () => {
    mkdirSync(join(ROOT, ".odori"), { recursive: true });
    using temporary = temporaryFolder("http", join(ROOT, ".odori"));
    const folder = temporary.path;
    writeFileSync(join(folder, "payment.mts"), block("ts"));
    writeFileSync(join(folder, "shipping.py"), block("python"));
    writeFileSync(join(folder, "send.sh"), block("sh"));
    const [own, theirs] = [await freePort(), await freePort()];
    const shipping = `http://127.0.0.1:${theirs}/`;
    const url = `http://127.0.0.1:${own}/events`;
    await using payment = run(process.execPath, [...FLAGS, "payment.mts"], folder, {
      PORT: String(own),
      SHIPPING: shipping,
    });
    await eventually("payment listens", () => payment.out.includes("listens"));
    // Shipping is not there yet: the event waits in the outbox.
    for (let n = 0; n < 2; n++) {
      await using sent = run("bash", ["send.sh"], folder, { URL: url });
      await sent.ended;
      expect([sent.out, sent.err]).toEqual(["204\n", ""]);
    }
    await using python = run("python3", ["shipping.py"], folder, {
      PORT: String(theirs),
      PAYMENT: url,
    });
    const arrived = () => payment.out.match(/order-1 is on its way/g)?.length ?? 0;
    await eventually(`it is shipped; ${python.err}`, arrived, 1);
    const refused = await fetch(shipping, {
      method: "POST",
      headers: { "webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,x" },
      body: "{}",
    });
    expect(refused.status).toBe(401);
    expect(payment.err).toContain("ENDPOINT_AWAY");
    expect(arrived()).toBe(1);
  });
});
