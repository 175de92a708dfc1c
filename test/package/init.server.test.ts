import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FRAMEWORKS } from "../../src/cli/init/templates.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { freePorts } from "../support/free-ports.ts";
import { installPacked, type Packed, ran } from "../support/packed.ts";
import { temporaryFolder } from "../support/scope.ts";
import { serving } from "../support/serving.ts";
import { expectReadmeCommands } from "./readme-commands.ts";
import { expectRoutes } from "./routes.ts";

/** A busy machine takes its time to build, to install and to compile. */
const PATIENCE_MS = 900_000;
const PROOF = "✓ every saga ends well, in any order, with duplicates and failures";
const title = titleOf("postgres", titleOf("nats", "odori init --template postgres-nats"));
const served = urlOf("postgres") !== undefined && urlOf("nats") !== undefined;

describe.runIf(served)(title, { timeout: PATIENCE_MS }, () => {
  let packed: Packed;
  let temporary: ReturnType<typeof temporaryFolder>;
  const servers = () => ({ DATABASE_URL: serverUrl("postgres"), NATS_URL: serverUrl("nats") });
  const init = (folder: string, ...args: readonly string[]) => {
    const command = join(packed.project, "node_modules", ".bin", "odori");
    const template = ["--template", "postgres-nats", "--odori", packed.tarball];
    return ran(command, ["init", ".", ...template, ...args], folder);
  };

  beforeAll(() => {
    packed = installPacked();
    temporary = temporaryFolder("init");
    expect(init(temporary.path).status).toBe(0);
  }, PATIENCE_MS);
  afterAll(() => {
    temporary[Symbol.dispose]();
    packed.remove();
  }, PATIENCE_MS);

  it("is proved and tested, serves the routes, and stops at SIGTERM", async () => {
    const { status, out } = ran("npm", ["test"], temporary.path, servers());
    expect([status, out]).toEqual([0, expect.stringContaining(PROOF)]);
    const server = await serving(temporary.path, ["src/main.ts"], servers());
    try {
      await expectRoutes(server);
    } finally {
      expect(await server.stop()).toEqual({ status: 0, out: expect.not.stringContaining("Error") });
    }
    await expectReadmeCommands(temporary.path, servers());
  });

  it("says in one message which server is missing, and how it is started", async () => {
    const [postgres, nats] = await freePorts(2);
    const missing = {
      DATABASE_URL: `postgres://postgres:secret@localhost:${postgres}/postgres`,
      NATS_URL: `nats://localhost:${nats}`,
    };
    const { status, out } = ran("npm", ["start"], temporary.path, missing);
    expect(status).toBe(1);
    expect(out).toContain(`Postgres does not reply at localhost:${postgres} (DATABASE_URL).\n`);
    expect(out).toContain(`NATS does not reply at localhost:${nats} (NATS_URL).\n`);
    expect(out).toContain("docker compose up -d --wait");
    expect(out).not.toMatch(/secret|\n +at /);
    // The tests need the database alone.
    const tested = ran("npm", ["test"], temporary.path, {
      ...servers(),
      NATS_URL: missing.NATS_URL,
    });
    expect([tested.status, tested.out]).toEqual([0, expect.stringContaining(PROOF)]);
  });

  it("runs its services in processes of their own", async () => {
    const main = ["src/main.ts"];
    const orders = await serving(temporary.path, main, { ...servers(), SERVICES: "order" });
    const others = await serving(temporary.path, main, { ...servers(), SERVICES: "payment,stock" });
    try {
      const reply = await fetch(`${orders.url}/orders`, {
        method: "POST",
        body: '{"sku":"fan","cents":500}',
      });
      expect(await reply.json()).toMatchObject({ state: "succeeded" });
      expect((await fetch(`${others.url}/ready`)).status).toBe(200);
      expect((await fetch(`${others.url}/orders`, { method: "POST" })).status).toBe(404);
    } finally {
      const stopped = await Promise.all([orders.stop(), others.stop()]);
      expect(stopped.map(({ status }) => status)).toEqual([0, 0]);
    }
  });

  it("compiles with each framework", () => {
    const frameworks = FRAMEWORKS.map((framework) => {
      const folder = join(temporary.path, `with-${framework}`);
      mkdirSync(folder);
      expect(init(folder, "--with", framework, "--no-install").status).toBe(0);
      return folder;
    });
    const packages = frameworks.flatMap((folder) => {
      const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      return Object.entries(dependencies)
        .filter(([name]) => name !== "odori")
        .map(([name, range]) => `${name}@${range}`);
    });
    const flags = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
    // The framework's packages are found in the folder above.
    expect(ran("npm", ["install", ...flags, ...new Set(packages)], temporary.path).status).toBe(0);
    for (const folder of frameworks)
      expect([folder, ran("npx", ["tsc"], folder)]).toEqual([folder, { status: 0, out: "" }]);
  });
});
