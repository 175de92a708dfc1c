import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { actionsOn, listActions, recordAction } from "../../src/observer/actions.ts";
import { Projection } from "../../src/observer/projection.ts";
import type { ProjectionSql } from "../../src/observer/sql.ts";
import { SAGA } from "./books.ts";

it("what people did has the columns that it lacks, or a file of its own, which stays", () => {
  const folder = mkdtempSync(join(tmpdir(), "odori-record-"));
  const record = join(folder, "actions.sqlite");
  const retry = { action: "retry", delivery: "a/1", sagaId: SAGA, reason: undefined } as const;
  const told = (sql: ProjectionSql) =>
    listActions(sql, 9).map(({ at, failed, retried }) => [at, failed, retried?.event]);
  try {
    const file = new DatabaseSync(record);
    // As version 9 made it.
    file.exec(`CREATE TABLE action (id INTEGER PRIMARY KEY, at INTEGER NOT NULL,
      action TEXT NOT NULL, delivery TEXT NOT NULL, saga TEXT, reason TEXT, failed TEXT) STRICT`);
    file.exec("INSERT INTO action (at, action, delivery) VALUES (1, 'retry', 'a/1')");
    file.close();
    const first = new Projection(":memory:", undefined, record);
    recordAction(first.sql, { ...retry, at: 2 })(undefined, { reaction: "r", event: "e-1" });
    // Another one may begin before the first has ended.
    const second = new Projection(":memory:", undefined, record);
    recordAction(second.sql, { ...retry, at: 3 })("NOT_PARKED");
    first.close();
    expect(told(second.sql)).toEqual([
      [3, "NOT_PARKED", undefined],
      [2, undefined, "e-1"],
      [1, undefined, undefined],
    ]);
    expect(actionsOn(second.sql, SAGA, 9)).toHaveLength(2);
    second.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

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
