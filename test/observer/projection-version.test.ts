import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { Projection } from "../../src/observer/projection.ts";
import { SAGA } from "./books.ts";

it("a projection of another version is built again, but for what people did", () => {
  const folder = mkdtempSync(join(tmpdir(), "odori-projection-"));
  try {
    const path = join(folder, "projection.sqlite");
    new Projection(path).close();
    const file = new DatabaseSync(path);
    file.exec(
      `INSERT INTO action (at, action, delivery, saga) VALUES (1, 'retry', 'a/1', '${SAGA}')`,
    );
    file.exec("INSERT INTO tally VALUES ('stuck', 1)");
    file.exec("PRAGMA user_version = 1");
    file.close();
    const again = new Projection(path);
    const rows = (table: string) => again.sql.all(`SELECT * FROM ${table}`).length;
    expect([rows("action"), rows("tally")]).toEqual([1, 0]);
    again.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
