import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { odori, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const CHOREOGRAPHY = '{"choreography":"src/choreography.ts"}';
const MODULE = `
import { choreography, event, service } from "odori";
import { z } from "zod";
const placed = event("order.placed.v1", z.object({}));
const completed = event("order.completed.v1", z.object({}));
const order = service("order").begins(placed);
const stock = service("stock").on(placed, { emits: [completed], handle: () => completed({}) });
export default choreography("shop", {
  services: [order, stock], begins: [placed], succeeds: [completed] });
`;

describe("odori.config.json", { timeout: 600_000 }, () => {
  const run = (cwd: string, ...args: readonly string[]) => odori(args, undefined, cwd);

  it("is found upwards, up to the root of the repository, and its paths are its own", async () => {
    using root = temporaryFolder("config");
    const inner = join(root.path, "packages", "shop");
    mkdirSync(join(inner, "deep"), { recursive: true });
    writeFileSync(join(root.path, "odori.config.json"), '{"stores":{"data":"here"}}');
    const above = await run(join(inner, "deep"), "sagas");
    expect(above.status).toBe(2);
    expect(above.err).toContain(`Found no databases in ${join(root.path, "here")}`);
    mkdirSync(join(inner, ".git"));
    expect((await run(join(inner, "deep"), "sagas")).err).toContain("no databases in .odori");
  });

  it("gives way to flags", async () => {
    using root = temporaryFolder("config");
    writeFileSync(join(root.path, "odori.config.json"), '{"stores":{"data":"here"}}');
    expect((await run(root.path, "sagas", "--data", "there")).err).toContain("databases in there");
  });

  it.each([
    ['{"stores":{"postgres":"mysql://me:secret@db/shop"}}', "stores.postgres"],
    ['{"stores":{"postgres":"postgres://me:secret@db/shop","data":"x"}}', "exclude each other"],
    ['{"stores":{"schemas":["shop"]}}', "stores"],
    ['{"stores":{"postgres":"postgres://db/shop","schemas":["secret; DROP"]}}', "schemas.0"],
    ['{"stores":{"password":"secret"}}', "unknown key"],
    ['{"manifest":"src/secret.ts"}', "manifest"],
    ['{"manifest":"secret.json","choreography":"secret.ts"}', "exclude each other"],
    ['{"stores":{"env":"SHOP_URL"}}', "stores"],
    ['{"stores":{"postgres":"postgres://db/shop","env":"secret name"}}', "stores.env"],
    ['{"strange":"secret"}', "strange"],
    ["[]", "object"],
  ])("is refused as %s, and no value is shown", async (text, says) => {
    using root = temporaryFolder("config");
    writeFileSync(join(root.path, "odori.config.json"), text);
    for (const command of [["sagas"], ["parked", "list"], ["trace"], ["doctor"]]) {
      const { status, out, err } = await run(root.path, ...command);
      expect({ status, out }).toEqual({ status: 2, out: "" });
      expect(err).toContain("CONFIG_INVALID");
      expect(err).toContain(says);
      expect(err).not.toContain("secret");
    }
  });

  it("names the choreography of every command that takes one", async () => {
    mkdirSync(join(ROOT, ".odori"), { recursive: true });
    using root = temporaryFolder("config", join(ROOT, ".odori"));
    mkdirSync(join(root.path, "src"));
    writeFileSync(join(root.path, "src", "choreography.ts"), MODULE);
    writeFileSync(join(root.path, "odori.config.json"), CHOREOGRAPHY);
    for (const command of ["check", "lint", "draw", "manifest"])
      expect([command, await run(root.path, command)]).toMatchObject([command, { status: 0 }]);
    const explained = await run(root.path, "explain", "order.placed");
    expect(explained.out).toContain("order.placed");
    // Also from a folder below.
    expect(await run(join(root.path, "src"), "check")).toMatchObject({
      status: 0,
      out: expect.stringContaining("✓ every saga ends well"),
    });
    await run(
      root.path,
      "run",
      "src/choreography.ts",
      "--begin",
      "order.placed.v1",
      "--until-idle",
    );
    expect((await run(root.path, "sagas")).out).toContain("succeeded");
    // The argument goes first.
    expect((await run(root.path, "check", "other.ts")).err).toContain("other.ts");
  });

  it("is missing: the commands say how a choreography is named", async () => {
    using root = temporaryFolder("config");
    mkdirSync(join(root.path, ".git"));
    for (const command of ["check", "lint", "draw", "manifest", "dev"]) {
      const { status, err } = await run(root.path, command);
      expect(status).toBe(2);
      expect(err).toContain(`USAGE: ${command} needs at least one source`);
      expect(err).toContain("odori.config.json");
    }
  });

  it("takes the URL of the variable that it names, where that is set", async () => {
    using root = temporaryFolder("config");
    const stores = { postgres: "postgres://localhost:1/here", env: "SHOP_DATABASE" };
    writeFileSync(join(root.path, "odori.config.json"), JSON.stringify({ stores }));
    const place = async (url: string) => {
      vi.stubEnv("SHOP_DATABASE", url);
      return (await run(root.path, "sagas")).err;
    };
    try {
      expect(await place("")).toContain("localhost:1/here");
      expect(await place("postgres://localhost:1/there")).toContain("localhost:1/there");
      const refused = await place("secret");
      expect(refused).toContain("USAGE");
      expect(refused).not.toContain("secret");
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it.skipIf(process.getuid?.() !== 0)(
    "of another user names no module that is run, not even here",
    async () => {
      using root = temporaryFolder("config");
      const file = join(root.path, "odori.config.json");
      writeFileSync(file, CHOREOGRAPHY);
      chownSync(file, 12_345, 12_345);
      expect((await run(root.path, "check")).err).toContain("belongs to another user");
      const named = await run(root.path, "check", "--config", file);
      expect(named.err).toContain("MODULE_UNREADABLE");
    },
  );

  it.skipIf(process.getuid?.() !== 0)(
    "of another user is refused above, and not here",
    async () => {
      using root = temporaryFolder("config");
      const file = join(root.path, "odori.config.json");
      mkdirSync(join(root.path, "inner"));
      writeFileSync(file, '{"stores":{"data":"here"}}');
      chownSync(file, 12_345, 12_345);
      const above = await run(join(root.path, "inner"), "sagas");
      expect(above.err).toContain("belongs to another user");
      expect((await run(root.path, "sagas")).err).toContain("no databases in");
      const named = await run(join(root.path, "inner"), "sagas", "--config", file);
      expect(named.err).toContain("no databases in");
    },
  );
});
