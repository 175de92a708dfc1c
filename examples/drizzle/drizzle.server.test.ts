import { check, manifestOf } from "odori/check";
import { describe, expect, it } from "vitest";
import { serverUrl, titleOf, urlOf } from "../../test/servers/shared.ts";
import { runExample } from "../support/run.ts";
import choreography from "./main.ts";

const PROGRAM = new URL("main.ts", import.meta.url);

describe("the example with Drizzle", () => {
  it.skipIf(urlOf("postgres") === undefined)(
    titleOf("postgres", "prints what is committed beside it, and ends by itself"),
    async () => {
      const environment = { ORDER_POSTGRES: serverUrl("postgres") };
      const { status, out, err } = await runExample(PROGRAM, environment);
      expect({ status, err }).toEqual({ status: 0, err: "" });
      await expect(out).toMatchFileSnapshot("main.txt");
    },
  );

  it("is proved", () => {
    expect(check(manifestOf(choreography)).findings).toEqual([]);
  });
});
