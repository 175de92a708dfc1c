import { expect, it } from "vitest";
import { bindable } from "../../src/adapters/postgres/bindable.ts";
import { changesSession, outlivesTransaction } from "../../src/adapters/postgres/session.ts";

it.each([
  "SET search_path TO tenant",
  "  -- mine\n set role reader;",
  "RESET ALL",
  "DEALLOCATE ALL",
  "PREPARE p AS SELECT 1",
  "LISTEN news",
  "CREATE TEMPORARY TABLE t (n int)",
  "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
  "SELECT set_config('a.b', 'c', false)",
  "SELECT pg_advisory_lock(1)",
  "SET LOCAL a.b = 1; SET a.c = 2",
])("outlives its transaction: %s", (text) => {
  expect([changesSession(text), outlivesTransaction(text)]).toEqual([true, true]);
});

it.each([
  "SET LOCAL statement_timeout = '7s';",
  "SET CONSTRAINTS ALL DEFERRED",
  "CREATE TEMP TABLE t (n int) ON COMMIT DROP",
  "DECLARE c CURSOR FOR SELECT 1",
  "FETCH 1 FROM c",
  "SELECT set_config('a.b', 'c', true)",
])("ends with its transaction: %s", (text) => {
  expect([changesSession(text), outlivesTransaction(text)]).toEqual([true, false]);
});

it.each([
  "SELECT 1",
  "UPDATE a SET b = 1",
  "SELECT pg_advisory_xact_lock(1)",
  "INSERT INTO offset VALUES (1)",
])("changes nothing of the session: %s", (text) => {
  expect([changesSession(text), outlivesTransaction(text)]).toEqual([false, false]);
});

it("writes what pg would write, and what it cannot write fails", () => {
  const at = new Date(0);
  const bytes = Buffer.from("a");
  expect([1, "a", null, undefined, 10n, at, bytes].map(bindable)).toEqual([
    ...[1, "a", null, undefined, 10n, at, bytes],
  ]);
  expect(bindable([{ a: [1] }, ["b", at]])).toEqual(['{"a":[1]}', ["b", at]]);
  expect(() => bindable({ amount: 10n })).toThrow(TypeError);
});
