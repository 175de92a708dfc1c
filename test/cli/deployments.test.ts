import { join } from "node:path";
import { sqlite } from "odori/sqlite";
import { expect, it } from "vitest";
import { odori } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";
import { placeCases } from "./deployments.ts";

placeCases("sqlite", async () => {
  const folder = temporaryFolder("place");
  return {
    data: folder.path,
    store: () => sqlite(join(folder.path, "payment.db")),
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
});

it("diff needs two versions, or one and a database", async () => {
  expect(await odori(["diff", "a.json"])).toMatchObject({ status: 2 });
  expect((await odori(["diff", "a.json", "b.json", "--data", "."])).err).toContain("USAGE");
});

it("a command that needs files refuses the URL of a database, without its password", async () => {
  const { status, err } = await odori(["doctor", "--data", "postgres://me:secret@localhost/shop"]);
  expect(status).toBe(2);
  expect(err).toContain("needs a folder");
  expect(err).not.toContain("secret");
});
