import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
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
    async change(statement) {
      const database = new DatabaseSync(join(folder.path, "payment.db"));
      database.exec(statement.replace("$T", "odori_deferred"));
      database.close();
    },
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
});

it("diff needs two versions, or one and a database", async () => {
  expect(await odori(["diff", "a.json"])).toMatchObject({ status: 2 });
  expect((await odori(["diff", "a.json", "b.json", "--data", "."])).err).toContain("USAGE");
});

it("a place is one place, and no message shows a password", async () => {
  const url = "postgres://me:secret@localhost:1/shop";
  for (const [flags, says] of [
    [["--data", ".", "--postgres", url], "exclude each other"],
    [["--postgres", "me:secret@localhost/shop"], "not the URL of a Postgres database"],
    [["--data", ".", "--schema", "shop"], "--schema is for a Postgres database"],
    [["--postgres", url, "--schema", "shop"], "localhost:1/shop"],
    [["--data", url], "localhost:1/shop"],
    [["--data", "postgres://me:secret@localhost:port/shop"], "not the URL of a Postgres database"],
  ] as const) {
    const { status, out, err } = await odori(["sagas", ...flags]);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(says);
    expect(err).not.toContain("secret");
  }
});
