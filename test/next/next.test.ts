import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePorts } from "../support/free-ports.ts";
import { installPacked, ownNode, type Packed, ran } from "../support/packed.ts";
import { temporaryFolder } from "../support/scope.ts";
import { ROOT } from "../tidy/sources.ts";

/** A busy machine takes its time to build the package, and the application. */
const PATIENCE_MS = 900_000;
const TOKEN = "a-token-that-is-long-enough";
const NEXT = join(ROOT, "test", "next", "node_modules", "next", "dist", "bin", "next");
const OFFLINE = { NEXT_TELEMETRY_DISABLED: "1", ODORI_TOKEN: TOKEN };

/** Where the page says that its programs are, and how they reach each other from there. */
const PLACES: Readonly<Record<string, string>> = {
  "services.ts": "lib/services.ts",
  "apps.ts": "lib/apps.ts",
  "odori-route.ts": "app/odori/[...path]/route.ts",
  "orders-route.ts": "app/orders/[id]/route.ts",
};
const COMPILER = {
  ...{ target: "es2024", module: "esnext", moduleResolution: "bundler", strict: true },
  ...{ noEmit: true, allowImportingTsExtensions: true, skipLibCheck: true, jsx: "react-jsx" },
};

let packed: Packed;
let temporary: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  packed = installPacked();
  // Below the folder that has Next: it refuses links that lead elsewhere.
  mkdirSync(join(ROOT, "test", "next", ".odori"), { recursive: true });
  temporary = temporaryFolder("next", join(ROOT, "test", "next", ".odori"));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(temporary.path, file)), { recursive: true });
    writeFileSync(join(temporary.path, file), text);
  };
  const page = readFileSync(join(ROOT, "docs", "how-to", "frameworks.md"), "utf8");
  for (const [, file = "", code = ""] of page.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)) {
    const place = PLACES[file];
    if (place === undefined) continue;
    const above = "../".repeat(place.split("/").length - 1);
    write(place, place.startsWith("lib/") ? code : code.replaceAll('"./', `"${above}lib/`));
  }
  write("package.json", JSON.stringify({ name: "shop", private: true, type: "module" }));
  write("tsconfig.json", JSON.stringify({ compilerOptions: COMPILER, include: ["**/*.ts"] }));
  write("next.config.mjs", `export default { turbopack: { root: ${JSON.stringify(ROOT)} } };`);
  cpSync(
    join(packed.project, "node_modules", "odori"),
    join(temporary.path, "node_modules", "odori"),
    { recursive: true },
  );
}, PATIENCE_MS);
afterAll(() => {
  temporary[Symbol.dispose]();
  packed.remove();
}, PATIENCE_MS);

/** Runs `next start`, until it says that it is ready. */
async function started(port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [NEXT, "start", "-p", String(port)], {
    cwd: temporary.path,
    env: { ...ownNode(), ...OFFLINE },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const printed: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    printed.push(line);
    if (line.includes("Ready in")) return child;
  }
  throw new Error(`next start has ended:\n${printed.join("\n")}`);
}

it("next build and next start: a saga begun through a route handler ends", {
  timeout: PATIENCE_MS,
}, async () => {
  const built = ran(process.execPath, [NEXT, "build"], temporary.path, OFFLINE);
  expect([built.status, built.out]).toEqual([0, expect.stringContaining("/orders/[id]")]);
  const [port = 0] = await freePorts(1);
  const child = await started(port);
  const ended = once(child, "exit");
  try {
    const ask = async (path: string, init: RequestInit = {}) => {
      const reply = await fetch(`http://127.0.0.1:${port}${path}`, init);
      return [reply.status, await reply.json()];
    };
    const placed = await ask("/orders/o-1", { method: "POST" });
    expect(placed).toEqual([200, { orderId: "o-1", state: "succeeded" }]);
    expect(await ask("/odori/live")).toEqual([200, { live: true }]);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect(await ask("/odori/sagas/o-1", { headers })).toMatchObject([200, { sagaId: "o-1" }]);
    expect((await ask("/odori/sagas/o-1"))[0]).toBe(401);
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
});
