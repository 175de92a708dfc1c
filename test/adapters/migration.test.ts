import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { diagnose, type Sql, sqlite } from "odori/sqlite";
import { expect, it } from "vitest";
import { closing, temporaryFolder } from "../support/scope.ts";
import { expectNewNames, finish, OLD_MARKS, OLD_REACTIONS, payment } from "./version-1.ts";

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

it("SQLite: names of version 0.1.0 become names without versions", async () => {
  using folder = temporaryFolder("migration");
  const path = join(folder.path, "payment.db");
  copyFileSync(FIXTURE, path);
  const database = new DatabaseSync(path);
  for (const row of OLD_MARKS)
    database.prepare("INSERT INTO odori_fence VALUES (?, ?, ?)").run(...row);
  const insert = database.prepare(`INSERT INTO odori_inbox
      (reaction, source, id, type, saga_id, disposition, effect, emitted, at)
    VALUES (?, '/order', 'n', 'order.cancelled.v1', 'named', 'done', 'payment.charged.v1',
      '[]', 1)`);
  for (const reaction of OLD_REACTIONS) insert.run(reaction);
  database.close();
  await using store = closing(sqlite(path));
  await store.open({ service: "payment", owner: "p1", leaseMs: 1_000, now: Date.now });
  await expectNewNames(store);
});
