import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FRAMEWORKS } from "../../src/cli/init/templates.ts";
import { installPacked, type Packed, ran } from "../support/packed.ts";
import { temporaryFolder } from "../support/scope.ts";
import { serving } from "../support/serving.ts";
import { expectReadmeCommands } from "./readme-commands.ts";
import { expectRoutes } from "./routes.ts";

const PROOF = "✓ every saga ends well, in any order, with duplicates and failures";
/** A busy machine takes its time to build, to install and to compile. */
const PATIENCE_MS = 900_000;
let packed: Packed;
beforeAll(() => {
  packed = installPacked();
}, PATIENCE_MS);
afterAll(() => packed.remove(), PATIENCE_MS);

/** Runs the example of `odori init --help` that begins with a tarball. */
function initFromTarball(folder: string) {
  const { out } = ran(
    join(packed.project, "node_modules", ".bin", "odori"),
    ["init", "--help"],
    "/",
  );
  const [, program = "", args = ""] = /^ *(npx) (.*\.tgz)$/m.exec(out) ?? [];
  return ran(program, args.replaceAll(/\.\/odori\S*\.tgz/g, packed.tarball).split(" "), folder);
}

describe("odori init, from the packed tarball in an empty folder", { timeout: PATIENCE_MS }, () => {
  it("sqlite: two commands lead to a saga that is proved, tested and run", async () => {
    using empty = temporaryFolder("init");
    const made = initFromTarball(empty.path);
    expect(made).toEqual({
      status: 0,
      out: expect.stringContaining("Next:\n  cd shop\n  npm start"),
    });
    const folder = join(empty.path, "shop");
    const { status, out } = ran("npm", ["start"], folder);
    expect([status, out]).toEqual([0, expect.stringContaining(PROOF)]);
    expect(out).toMatch(/pass 4\n[\s\S]*fail 0\n/);
    expect(out).toMatch(/\nOrder of one fan: succeeded\n( *\+\d+ ms .*\n){4}/);
    expect(out).toMatch(/\nOrder of one umbrella: failed\n( *\+\d+ ms .*\n){5}/);
    expect(readdirSync(join(folder, ".odori")).filter((name) => name.endsWith(".db"))).toEqual([
      "order.db",
      "payment.db",
      "stock.db",
    ]);
    const sagas = ran("npx", ["odori", "sagas"], folder);
    expect(sagas.out).toMatch(/failed +order.cancelled[\s\S]*succeeded +order.completed/);
    await expectReadmeCommands(folder);

    // What the README says to try.
    const file = join(folder, "src", "order.ts");
    const without = readFileSync(file, "utf8").replace("on: [paymentDeclined, ", "on: [");
    writeFileSync(file, without);
    const refuted = ran("npm", ["run", "-s", "check"], folder);
    expect([refuted.status, refuted.out]).toEqual([1, expect.stringContaining("✗ STUCK")]);
  });
});

describe.each(FRAMEWORKS)("odori init --with %s", (framework) => {
  it("serves the routes, and stops at SIGTERM", { timeout: PATIENCE_MS }, async () => {
    const folder = join(packed.project, `with-${framework}`);
    mkdirSync(folder);
    const command = join(packed.project, "node_modules", ".bin", "odori");
    const made = ran(
      command,
      ["init", ".", "--with", framework, "--odori", packed.tarball],
      folder,
    );
    expect(made.status).toBe(0);
    const { status, out } = ran("npm", ["test"], folder);
    expect([status, out]).toEqual([0, expect.stringContaining(PROOF)]);
    expect(ran("npm", ["run", "build", "--if-present"], folder).status).toBe(0);
    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const server = await serving(folder, [scripts.start.split(" ").at(-1)]);
    try {
      await expectRoutes(server);
    } finally {
      expect(await server.stop()).toEqual({ status: 0, out: expect.not.stringContaining("Error") });
    }
    await expectReadmeCommands(folder);
  });
});
