import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { diagnose, type Sql, sqlite } from "odori/sqlite";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/scope.ts";
import { finish, payment } from "./version-1.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/version-1.db", import.meta.url));

it("SQLite: sagas of version 0.1.0 finish after the migration", async () => {
  using folder = temporaryFolder("migration");
  const path = join(folder.path, "payment.db");
  copyFileSync(FIXTURE, path);
  await expect(sqlite(path).inspect.counts()).rejects.toMatchObject({ code: "STORE_VERSION" });
  expect(diagnose(path, Date.now())).toMatchObject([{ check: "STORE_VERSION" }]);
  const charges = async () => {
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare("SELECT id FROM charges ORDER BY id").all();
    database.close();
    return rows.map(({ id }) => String(id));
  };
  const declared = payment<Sql>(
    (tx, id) => tx.run("INSERT INTO charges VALUES (?)", id),
    (tx, id) => tx.run("DELETE FROM charges WHERE id = ?", id),
  );
  await finish(sqlite(path), declared, charges);
});
