import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { sqliteSource } from "odori/sqlite";
import { sourceHandler } from "odori/web";
import { describe, expect, it } from "vitest";
import { Endpoint, TOKEN } from "../support/endpoint.ts";
import { eventually } from "../support/eventually.ts";
import { closing, temporaryFolder } from "../support/scope.ts";
import { ROOT } from "../tidy/sources.ts";
import { ran } from "./stage.ts";

const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
const MAIN = join(ROOT, "src", "cli", "main.ts");
const MODULE = join(ROOT, "test", "cli", "fixtures", "shopping.ts");

interface Started {
  readonly child: ChildProcess;
  readonly url: URL;
  readonly text: () => string;
}

/** Starts the command, and waits until it has printed its address. */
async function started(...args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [...FLAGS, MAIN, "console", "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ODORI_TOKEN: undefined, ODORI_SOURCE_TOKEN: TOKEN },
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      text += String(chunk);
    });
  const found = await eventually(
    "it prints its address",
    () => /http:\/\/\S+?(?="|\s)/.exec(text)?.[0] ?? "",
    (seen) => seen !== "",
  );
  return { child, url: new URL(found), text: () => text };
}

async function ended({ child }: Started, signal: NodeJS.Signals): Promise<number | null> {
  const closed = once(child, "close");
  child.kill(signal);
  const [code] = await closed;
  return code;
}

describe("odori console", { timeout: 600_000 }, () => {
  it("reads a service over HTTP, without its database", async () => {
    using folder = temporaryFolder("console-http");
    const path = join(folder.path, "payment.db");
    await ran(path, ["done"]);
    await using source = closing(sqliteSource(path));
    await using endpoint = await Endpoint.open(sourceHandler(source, { token: TOKEN }).node);
    const running = await started(MODULE, "--http", endpoint.url);
    try {
      await eventually(
        "it has read the saga",
        async () => {
          const sagas = await fetch(new URL("/api/v1/sagas", running.url));
          return JSON.parse(await sagas.text()).totals;
        },
        { succeeded: 1 },
      );
      expect(running.text()).toContain(`${new URL(endpoint.url).host}; reads only.`);
    } finally {
      await ended(running, "SIGTERM");
    }
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "serves this machine alone, and ends on %s",
    async (signal) => {
      using folder = temporaryFolder("console-command");
      await ran(join(folder.path, "payment.db"), ["done", "wrong"]);
      const running = await started(MODULE, "--data", folder.path);
      try {
        expect(running.url.hostname).toBe("127.0.0.1");
        expect(running.url.hash).toBe("");
        const about = await fetch(new URL("/api/v1/about", running.url));
        expect(await about.json()).toMatchObject({
          ...{ allowed: [], services: ["payment"], choreography: { endsKnown: true } },
        });
        // A stream that is followed does not hold it up.
        const stream = await fetch(new URL("/api/v1/live", running.url));
        expect(stream.headers.get("content-type")).toBe("text/event-stream");
        await eventually(
          "all is read",
          async () => {
            const reply = await fetch(new URL("/api/v1/sagas", running.url));
            return reply.text();
          },
          (seen) => seen.includes('"totals":{"parked":1,"succeeded":1}'),
        );
      } finally {
        expect(await ended(running, signal)).toBe(0);
      }
    },
  );

  it("what others can reach has a token, which is in the fragment alone", async () => {
    using folder = temporaryFolder("console-listen");
    await ran(join(folder.path, "payment.db"), ["done"]);
    const flags = ["--listen", "0.0.0.0", "--allow", "retry,discard", "--json"];
    const running = await started("--data", folder.path, ...flags);
    try {
      expect(running.url.search).toBe("");
      const [, token = ""] = running.url.hash.split("#token=");
      expect(token.length).toBeGreaterThan(40);
      const ask = (headers: Readonly<Record<string, string>>) =>
        fetch(new URL("/api/v1/about", running.url), { headers });
      expect((await ask({})).status).toBe(401);
      const about = await ask({ authorization: `Bearer ${token}` });
      expect(await about.json()).toMatchObject({ allowed: ["retry", "discard"] });
    } finally {
      expect(await ended(running, "SIGTERM")).toBe(0);
    }
  });

  it("says what it cannot do", async () => {
    using folder = temporaryFolder("console-refused");
    const refused = (...args: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...FLAGS, MAIN, "console", ...args],
        { encoding: "utf8" },
      );
      return [status, `${stdout}${stderr}`];
    };
    const saying = (text: string) => expect.stringContaining(text);
    expect(refused("--data", folder.path)).toEqual([2, saying("DATA_NOT_FOUND")]);
    expect(refused("--allow", "everything")).toEqual([2, saying("USAGE")]);
    expect(refused("--port", "x")).toEqual([2, saying("USAGE")]);
    expect(refused("--help")).toEqual([0, saying("odori console src/choreography.ts")]);
  });
});
