import { readFileSync } from "node:fs";
import { check, manifestOf } from "odori/check";
import { describe, expect, it } from "vitest";
import { serverUrl, titleOf, urlOf } from "../../test/servers/shared.ts";
import { runExample } from "../support/run.ts";
import choreography from "./main.ts";

const PROGRAM = new URL("main.ts", import.meta.url);
const EXPECTED = readFileSync(new URL("main.txt", import.meta.url), "utf8");

describe("the example with Drizzle", () => {
  it.skipIf(urlOf("postgres") === undefined)(
    titleOf("postgres", "prints what is committed beside it, and ends by itself"),
    async () => {
      const environment = { ORDER_POSTGRES: serverUrl("postgres") };
      const ran = await runExample(PROGRAM, environment);
      expect(ran).toEqual({ status: 0, out: EXPECTED, err: "" });
    },
  );

  it("is proved", () => {
    expect(check(manifestOf(choreography)).findings).toEqual([]);
  });
});
