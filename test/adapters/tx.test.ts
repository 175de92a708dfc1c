import { sqlite } from "odori/sqlite";
import { describe } from "vitest";
import { runnerOf } from "../conformance/runner.ts";
import { txCases } from "./tx.ts";

describe("Tx on SQLite", () => {
  txCases(runnerOf(), () => sqlite(":memory:"));
});
