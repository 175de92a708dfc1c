import { PermanentError } from "odori";
import { type SearchOptions, type SimulationOptions, simulate } from "odori/simulate";
import type { Sql } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { findingOf } from "./finding-of.ts";
import { placed, shopWith } from "./shop.ts";

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

it("sagas that begin after `given` has returned are refused", async () => {
  const [shop] = shopWith(() => {}).choreography.services;
  const given: SimulationOptions<Sql>["given"] = ({ begin }) => {
    const late = () => shop && begin(shop, "o-9", () => placed({ orderId: "o-9" }));
    void Promise.resolve().then(late);
  };
  const { findings } = await findingOf(withOptions({ given }));
  expect(findings).toMatchObject([{ code: "UNHANDLED_REJECTION" }]);
  expect(findings[0]?.message).toContain("`begin` is called after `given` has returned.");
});

describe("accepts", () => {
  const parks = (accepts: Readonly<Record<string, string>>) => {
    const parked = shopWith(
      (orderId) => {
        if (orderId === "o-2") throw new PermanentError("No bank knows it.");
      },
      { accepts },
    );
    return simulate(parked.choreography, { ...parked.options, seeds });
  };

  it("a code is found, counted, and no failure", async () => {
    await expect(parks({})).rejects.toMatchObject({ findings: [{ code: "PARKED" }] });
    const { accepted } = await parks({ PARKED: "a person calls the bank" });
    expect(accepted).toEqual({ PARKED: expect.any(Number) });
    expect(accepted.PARKED).toBeGreaterThan(0);
  });

  it("runs go on after what is accepted", async () => {
    const holds = () => {
      throw new Error("The books are wrong.");
    };
    const { choreography, options } = shopWith(
      () => {
        throw new PermanentError("No bank knows it.");
      },
      { accepts: { PARKED: "a person calls the bank" }, holds },
    );
    await expect(simulate(choreography, { ...options, seeds })).rejects.toMatchObject({
      findings: [{ code: "INVARIANT" }],
    });
  });

  it("a name that nothing has is refused, and so is a service that is not there", async () => {
    const refused: readonly Partial<SimulationOptions<Sql>>[] = [
      { accepts: { PARKD: "a typing error" } },
      { accepts: { "payment/order.placed/refused": "cannot happen" } },
      { instances: { paymnt: 2 } },
      { instances: { payment: 0 } },
    ];
    for (const more of refused)
      await expect(withOptions(more)).rejects.toMatchObject({ code: "OPTION_INVALID" });
    const accepts = { "payment/order.placed/done/payment.charged.v1": "it has happened" };
    await expect(withOptions({ accepts, instances: { payment: 2 } })).resolves.toBeDefined();
  });
});

describe("which runs are made", () => {
  const { choreography, options } = shopWith(() => {});

  it.each<SearchOptions>([
    { seeds: Number.NaN },
    { seeds: 0 },
    { seed: 1.5 },
    { minutes: 0 },
    { minutes: Number.POSITIVE_INFINITY },
    { seeds: 5, minutes: 1 },
    { seeds: 5, systematic: 1 },
    { seeds: 5, replay: "" },
    { systematic: 1, replay: "" },
    { seed: 2, replay: "" },
  ])("is refused where it cannot be: %o", async (search) => {
    await expect(simulate(choreography, { ...options, ...search })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringMatching(/^`(seeds|seed|minutes|systematic)`/),
    });
  });

  it.each([Reflect.construct(Object, [{ systematic: 3 }]), { store: "paper" }])(
    "is refused where the types do not tell: %o",
    async (search: object) => {
      await expect(simulate(choreography, { ...options, ...search })).rejects.toMatchObject({
        code: "OPTION_INVALID",
      });
    },
  );

  it("of a decision with many ways the first are tried, and that is told", async () => {
    const more = { given: ({ int }: { int(from: number, to: number): number }) => void int(1, 30) };
    const wide = { ...options, ...more, systematic: 1 } as const;
    expect(await simulate(choreography, wide)).toMatchObject({ leftOut: "ways" });
    expect(await simulate(choreography, { ...options, systematic: 1 })).not.toHaveProperty(
      "leftOut",
    );
  });

  it("a number between none is not drawn", async () => {
    for (const [from, to] of [
      [Number.NaN, 3],
      [3, 2],
    ] as const)
      await expect(
        simulate(choreography, { ...options, given: ({ int }) => void int(from, to) }),
      ).rejects.toThrow(`\`int(${from}, ${to})\` has no numbers to draw.`);
  });
});
