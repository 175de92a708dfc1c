import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { odori } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

describe("odori.config.json", () => {
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
