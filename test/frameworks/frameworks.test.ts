import { type ChildProcess, type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/scope.ts";
import { ROOT } from "../tidy/sources.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "frameworks.md"), "utf8");
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
const TOKEN = "a-token-that-is-long-enough";

/** How each framework listens on a free port, and prints where. */
const LISTENS: Readonly<Record<string, string>> = {
  "hono.ts": `
    import { createServer } from "node:http";
    // What @hono/node-server does, without its package.
    const server = createServer(async (incoming, outgoing) => {
      const { method, url, headers } = incoming;
      const request = new Request(new URL(url, "http://localhost"), { method, headers });
      const response = await app.fetch(request);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(await response.text());
    });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));
    process.on("SIGTERM", () => server.close());`,
  "fastify.ts": "console.log(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);",
  "nest.ts": `
    await app.listen(0, "127.0.0.1");
    console.log(app.getHttpServer().address().port);`,
  "express.ts": `
    import { once } from "node:events";
    import { server } from "../express.ts";
    if (!server.listening) await once(server, "listening");
    console.log(server.address().port);`,
};

/** Programs for other runtimes, which print their port. Their packages hold the runtime itself. */
const RUNTIMES: Readonly<Record<string, readonly [scope: string, program: string, run: string]>> = {
  "bun.js": ["@oven", "bin/bun", "run"],
  "deno.js": ["@deno", "deno", "run -A"],
};

/** The programs of the page, by the file name in their first line. */
const programs = [...PAGE.matchAll(/```[jt]s\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(
  ([, file = "", code = ""]) => ({ file, code }),
);
let temporary: ReturnType<typeof temporaryFolder> | undefined;
const folder = () => temporary?.path ?? "";

beforeAll(() => {
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  temporary = temporaryFolder("frameworks", join(ROOT, ".odori"));
  mkdirSync(join(folder(), "node_modules"));
  for (const name of [
    "@nestjs",
    "@types",
    "express",
    "fastify",
    "hono",
    "reflect-metadata",
    "rxjs",
  ])
    symlinkSync(
      join(ROOT, "test", "frameworks", "node_modules", name),
      join(folder(), "node_modules", name),
    );
  for (const { file, code } of programs) writeFileSync(join(folder(), file), code);
  const compilerOptions = { experimentalDecorators: true, erasableSyntaxOnly: false };
  const project = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] };
  writeFileSync(join(folder(), "tsconfig.json"), JSON.stringify(project));
});
afterAll(() => temporary?.[Symbol.dispose]());

/** Compiles decorators, which Node does not run. Types are checked by a test of their own. */
function compiled(file: string): string {
  if (file !== "nest.ts") return file;
  const compilerOptions = {
    ...{ target: "es2024", module: "nodenext", types: [], experimentalDecorators: true },
    ...{ rootDir: ".", outDir: "compiled", rewriteRelativeImportExtensions: true },
    // What is imported is not compiled along.
    ...{ noCheck: true, noResolve: true },
  };
  const project = { compilerOptions, files: ["nest.ts", "services.ts"] };
  writeFileSync(join(folder(), "tsconfig.emit.json"), JSON.stringify(project));
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const ran = spawnSync(process.execPath, [tsc, "-p", "tsconfig.emit.json"], { cwd: folder() });
  if (ran.status !== 0) throw new Error(String(ran.stdout));
  return "compiled/nest.js";
}

/** The program of a runtime, of the package for this machine. */
function runtime(scope: string, program: string): string {
  const folder = join(ROOT, "test", "frameworks", "node_modules", scope);
  const [own = ""] = readdirSync(folder).filter((name) => existsSync(join(folder, name, program)));
  return join(folder, own, program);
}

async function running(file: string): Promise<{ child: ChildProcess; url: string }> {
  const other = RUNTIMES[file];
  const env = { ...process.env, ODORI_TOKEN: TOKEN, PORT: "0" };
  if (other !== undefined) {
    const [scope, program, run] = other;
    const args = [...run.split(" "), "--conditions=odori-source", file];
    const cwd = folder();
    for (const name of ["order.db", "payment.db"]) rmSync(join(cwd, name), { force: true });
    return listening(spawn(runtime(scope, program), args, { cwd, env, stdio: PIPED }));
  }
  const place = mkdirSync(join(folder(), `run-${file}`), { recursive: true }) ?? folder();
  const imported = `import * as program from "../${compiled(file)}";\nconst { app } = program;`;
  const program = `${imported}\n${LISTENS[file]}`;
  writeFileSync(join(place, "main.mjs"), program);
  return listening(
    spawn(process.execPath, [...FLAGS, "main.mjs"], { cwd: place, env, stdio: PIPED }),
  );
}

const PIPED: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];

/** Waits until a program has printed its port. */
async function listening(child: ChildProcessByStdio<null, Readable, null>) {
  let out = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    out += chunk;
    const [, port] = /^(\d+)$/m.exec(out) ?? [];
    if (port !== undefined) return { child, url: `http://127.0.0.1:${port}` };
  }
  throw new Error(`The program ended, and has printed ${out}`);
}

describe("the page on frameworks", { timeout: 600_000 }, () => {
  it("has programs that compile", () => {
    const files = programs.map(({ file }) => file);
    // Those for Next are run by test/next.
    const parts = ["services.ts", "apps.ts", "odori-route.ts", "orders-route.ts"];
    expect([...files].sort()).toEqual(
      [...parts, ...Object.keys(LISTENS), ...Object.keys(RUNTIMES)].sort(),
    );
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const ran = spawnSync(process.execPath, [tsc, "-p", "."], { cwd: folder(), encoding: "utf8" });
    expect([ran.status, ran.stdout]).toEqual([0, ""]);
  });

  it.each([...Object.keys(LISTENS), ...Object.keys(RUNTIMES)])(
    "%s places an order, is looked at, and stops",
    async (file) => {
      const { child, url } = await running(file);
      const closed = once(child, "close");
      try {
        const get = async (path: string, token?: string) => {
          const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
          const response = await fetch(`${url}/odori${path}`, { headers });
          return [response.status, await response.json()];
        };
        const placed = await fetch(`${url}/orders/o-1`, { method: "POST" });
        expect(await placed.json()).toEqual({ orderId: "o-1", state: "succeeded" });
        expect(await get("/live")).toEqual([200, { live: true }]);
        expect(await get("/ready")).toMatchObject([200, { ready: true }]);
        expect(await get("/parked", TOKEN)).toEqual([200, { parked: [] }]);
        expect(await get("/sagas/o-1", TOKEN)).toMatchObject([200, { sagaId: "o-1" }]);
        expect(await get("/sagas/o-1")).toMatchObject([401, { error: { code: "TOKEN_REFUSED" } }]);
        expect((await get("/nothing"))[0]).toBe(404);
      } finally {
        child.kill("SIGTERM");
      }
      const [code, signal] = await closed;
      // Nest ends the process by the signal itself, after it has stopped all.
      expect([0, 143, "SIGTERM"]).toContain(code ?? signal);
    },
  );
});
