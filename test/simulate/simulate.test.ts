import * as fc from "fast-check";
import { choreography, PermanentError, service } from "odori";
import { type MemoryTx, memoryTable } from "odori/memory";
import { MemoryRows, simulate, standIn } from "odori/simulate";
import { describe, expect, it } from "vitest";
import order from "../../examples/order/choreography.ts";
import { orders } from "../../examples/order/order.simulation.ts";
import { findingOf } from "./finding-of.ts";
import { charged, placed, shopWith } from "./shop.ts";
import { BUGS, tripWith } from "./trip.ts";

/** How many departures a schedule has. */
const lengthOf = (schedule: string) => (schedule === "" ? 0 : schedule.split(",").length);

describe("right handlers are right in every run", () => {
  it("money and goods of the order saga are conserved, in every state of the model", async () => {
    const { runs, states, foreseen, leaks } = await simulate(order, { ...orders(2), seeds: 150 });
    expect({ runs, states, leaks }).toEqual({ runs: 150, states: foreseen, leaks: [] });
  });

  it("with the bookkeeping in the tables of SQLite as well", async () => {
    const { runs, states, foreseen } = await simulate(order, {
      ...orders(2),
      store: "sqlite",
      seeds: 150,
    });
    expect({ runs, states }).toEqual({ runs: 150, states: foreseen });
  });

  it("with every single departure from the calm run", async () => {
    expect((await simulate(order, { ...orders(1), systematic: 1 })).runs).toBeGreaterThan(60);
  });

  it("with two processes of a service, and a person who retries", async () => {
    const { choreography, options } = tripWith();
    const instances = { trip: 2, flight: 2 };
    const wild = { ...options, instances, operator: true, seeds: 150 };
    const { states, foreseen = 0 } = await simulate(choreography, wild);
    expect(states).toBeGreaterThan(0.95 * foreseen);
  });

  it("and `always` sees no rows that are not committed", async () => {
    const { choreography, options } = shopWith(async (id, { tx }) => {
      tx.run("INSERT INTO charges VALUES ('under way')");
      await standIn("bank", () => {});
      tx.run("DELETE FROM charges WHERE order_id = 'under way'");
      return id;
    });
    let looks = 0;
    await simulate(choreography, {
      ...options,
      always({ rows }) {
        looks++;
        const open = rows("payment").all("SELECT 1 FROM charges WHERE order_id = 'under way'");
        expect(open).toEqual([]);
      },
      seeds: 60,
    });
    expect(looks).toBeGreaterThan(100);
  });

  it("with rows in memory", async () => {
    const charges = memoryTable<{ readonly count: number }>();
    const shop = service<MemoryTx>("order").begins(placed);
    const payment = service<MemoryTx>("payment").on(placed, {
      emits: [charged],
      handle({ data }, { tx }) {
        const { count } = tx.in(charges).get(data.orderId) ?? { count: 0 };
        tx.in(charges).set(data.orderId, { count: count + 1 });
        return charged(data);
      },
    });
    const services = [shop, payment];
    const memory = choreography("memory", { services, begins: [placed], succeeds: [charged] });
    await simulate(memory, {
      database: () => new MemoryRows(),
      given: ({ begin }) => begin(shop, "o-1", () => placed({ orderId: "o-1" })),
      holds: ({ rows }) => expect(rows(payment).in(charges).get("o-1")?.count).toBe(1),
      seeds: 100,
    });
  });

  it("with many sagas in one run", async () => {
    const { choreography, options } = shopWith(() => {});
    const [shop] = choreography.services;
    const { runs } = await simulate(choreography, {
      ...options,
      given({ begin }) {
        for (let n = 1; n <= 700; n++)
          if (shop !== undefined) begin(shop, `o-${n}`, () => placed({ orderId: `o-${n}` }));
      },
      replay: "",
    });
    expect(runs).toBe(1);
  });

  it("with data from an arbitrary of fast-check", async () => {
    const ids: string[] = [];
    const { choreography } = shopWith((id) => ids.push(id));
    const [shop] = choreography.services;
    await simulate(choreography, {
      given({ begin, from }) {
        const orderId = from(fc.string({ minLength: 1, maxLength: 9 }));
        if (shop !== undefined) begin(shop, "s-1", () => placed({ orderId }));
      },
      seeds: 30,
    });
    expect(new Set(ids).size).toBeGreaterThan(10);
  });
});

describe("mistakes of handlers are found, shrunk and repeated", () => {
  it.each(BUGS)("%s", async (bug) => {
    const { choreography, options } = tripWith(bug);
    const error = await findingOf(simulate(choreography, { ...options, seeds: 100 }));
    expect(lengthOf(error.schedule)).toBeLessThan(4);
    const replay = error.schedule;
    const again = await findingOf(simulate(choreography, { ...options, replay }));
    expect(again.findings[0]?.code).toBe(error.findings[0]?.code);
  });

  it("handlers that interleave and lose an update", async () => {
    let balance = 0;
    const { choreography, options } = shopWith(
      async () => {
        const before = balance;
        await standIn("bank", () => {});
        balance = before + 1;
      },
      {
        reset: () => {
          balance = 0;
        },
        holds: ({ sagas }) => expect(balance).toBeGreaterThanOrEqual(sagas.size),
      },
    );
    const error = await findingOf(simulate(choreography, { ...options, seeds: 100 }));
    expect(error.findings[0]?.code).toBe("INVARIANT");
  });

  it("state of a module that outlives a run", async () => {
    const seen = new Set<string>();
    const { choreography, options } = shopWith((id, { tx }) => {
      if (seen.has(id)) return;
      seen.add(id);
      tx.run("INSERT INTO charges VALUES (?)", id);
    });
    const error = await findingOf(simulate(choreography, options));
    expect(error.findings[0]?.code).toBe("NOT_REPRODUCED");
  });

  it("a handler that waits for what is outside", async () => {
    const { choreography, options } = shopWith(() => new Promise(() => {}));
    const error = await findingOf(simulate(choreography, options));
    expect(error.findings).toMatchObject([{ code: "UNCONTROLLED" }]);
  });

  it("what gives up, unless it is accepted that a service parks", async () => {
    const { choreography, options } = shopWith(() => {
      throw new PermanentError("The card is not known.");
    });
    const error = await findingOf(simulate(choreography, options));
    expect(error.findings[0]?.code).toBe("PARKED");
  });
});

describe("a message that people read", () => {
  it("draws the run, with what went wrong where it happened", async () => {
    const charges: string[] = [];
    const { choreography, options } = shopWith((id) => standIn("gateway", () => charges.push(id)), {
      reset: () => charges.splice(0),
      holds: () => expect(charges).toEqual([...new Set(charges)]),
    });
    const { message } = await findingOf(simulate(choreography, options));
    expect(message).toMatch(/^ {4}order {13}payment$/m);
    expect(message).toMatch(/● begins → order\.placed/);
    expect(message).toMatch(/⋮ .*(gateway|handler|crash)/);
    expect(message).toMatch(/Found by seed \d+, in \d+ runs: \d+ departures? from the calm run/);
    expect(message).toMatch(/Again: replay: ".+"/);
  });
});

describe("what never happens is a finding", () => {
  const outcome = "inventory/reserve/refused/inventory.reservation_failed.v1";
  const full = {
    ...orders(1),
    given: (given: Parameters<ReturnType<typeof orders>["given"]>[0]) =>
      orders(1).given({ ...given, pick: <T>(of: readonly T[]) => of[0] }),
  };

  it("names each outcome that the checker foresees and no run has reached", async () => {
    const error = await findingOf(simulate(order, { ...full, seeds: 60 }));
    expect(error.findings.map(({ code }) => code)).toEqual(error.findings.map(() => "NEVER"));
    expect(error.message).toContain(outcome);
  });

  it("unless it is accepted with a reason", async () => {
    const error = await findingOf(simulate(order, { ...full, seeds: 60 }));
    const never = error.findings.map(({ message }) => message.split(" has ")[0] ?? "");
    const accepts = Object.fromEntries(never.map((one) => [one, "only calm orders here"]));
    expect((await simulate(order, { ...full, accepts, seeds: 60 })).runs).toBe(60);
  });
});
