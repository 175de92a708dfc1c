import { type SimulationOptions, simulate } from "odori/simulate";
import type { Sql } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { shopWith } from "./shop.ts";

const seeds = 20;

function withOptions(more: Partial<SimulationOptions<Sql>>) {
  const { choreography, options } = shopWith(() => {}, more);
  return simulate(choreography, { ...options, seeds });
}

describe("given", () => {
  it("that throws is told with its place", async () => {
    const given = () => {
      throw new Error("The customer is unknown.");
    };
    await expect(withOptions({ given })).rejects.toMatchObject({
      code: "GIVEN_INVALID",
      message: expect.stringMatching(/at .*options\.test\.ts:\d+: The customer is unknown\./),
    });
  });

  it("that is not done when it returns is refused", async () => {
    const given = async () => {
      await undefined;
    };
    await expect(withOptions({ given })).rejects.toMatchObject({
      code: "GIVEN_INVALID",
      message: expect.stringContaining("`given` returns a promise."),
    });
  });
});

it("a schedule whose decision is not taken is refused", async () => {
  const { choreography, options } = shopWith(() => {});
  await expect(simulate(choreography, { ...options, replay: "crash train#0" })).rejects.toThrow(
    expect.objectContaining({ code: "SCHEDULE_INVALID" }),
  );
});
