import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { choreography, service } from "odori";
import { type MemoryTx, memoryTable } from "odori/memory";
import { MemoryRows, simulate, standIn } from "odori/simulate";
import type { Sql } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { findingOf } from "./finding-of.ts";
import { charged, placed, shopWith } from "./shop.ts";

const HERE = /astray\.test\.ts:\d+$/;
const insert = (tx: Sql) => tx.run("INSERT INTO charges VALUES ('late')");

describe("a statement after its handler", () => {
  const stray = {
    code: "STATEMENT_NOT_AWAITED",
    service: "payment",
    reaction: "order.placed",
    sagaId: "o-1",
    at: expect.stringMatching(HERE),
  };

  it.each(["rows", "sqlite"] as const)("is found on %s, with its line", async (store) => {
    const { choreography, options } = shopWith((_, { tx }) => {
      const save = async () => {
        for (let turn = 0; turn < 9; turn++) await null;
        insert(tx);
      };
      void save();
    });
    const error = await findingOf(simulate(choreography, { ...options, store, seeds: 1 }));
    expect(error.findings).toMatchObject([stray]);
  });

  it("is found with rows in memory", async () => {
    const charges = memoryTable<{ readonly id: string }>();
    const shop = service<MemoryTx>("order").begins(placed);
    const payment = service<MemoryTx>("payment").on(placed, {
      emits: [charged],
      handle({ data }, { tx }) {
        void Promise.resolve()
          .then(() => {})
          .then(() => tx.in(charges).set(data.orderId, { id: data.orderId }));
        return charged(data);
      },
    });
    const services = [shop, payment];
    const memory = choreography("memory", { services, begins: [placed], succeeds: [charged] });
    const simulated = simulate(memory, {
      database: () => new MemoryRows(),
      given: ({ begin }) => begin(shop, "o-1", () => placed({ orderId: "o-1" })),
      seeds: 1,
    });
    expect((await findingOf(simulated)).findings).toMatchObject([stray]);
  });

  it("is found where it waits for a timer, though the saga has ended", async () => {
    const { choreography, options } = shopWith((_, { tx }) => {
      setTimeout(() => insert(tx), 86_400_000);
    });
    const error = await findingOf(simulate(choreography, { ...options, seeds: 1 }));
    expect(error.findings).toMatchObject([stray]);
  });
});

describe("a rejection that no code handles", () => {
  it("is a finding with the line of its error, and the runner hears nothing of it", async () => {
    const listeners = process.listeners("unhandledRejection");
    const { choreography, options } = shopWith(() => {
      void Promise.reject(new Error("floating"));
    });
    const error = await findingOf(simulate(choreography, { ...options, seeds: 100 }));
    expect(error.findings).toMatchObject([
      { code: "UNHANDLED_REJECTION", service: "payment", at: expect.stringMatching(HERE) },
    ]);
    expect(error.message).toContain("no code handles it\n  floating\n");
    expect(error.cause).toEqual(new Error("floating"));
    expect(process.listeners("unhandledRejection")).toEqual(listeners);
  });

  it("is found in the last runs of a search, and replayed", async () => {
    const { choreography, options } = shopWith(
      async (_, { attempt }) => {
        if (attempt === 3) void Promise.reject(new Error("floating"));
      },
      { holds() {} },
    );
    const error = await findingOf(simulate(choreography, { ...options, seeds: 200 }));
    expect(error.findings[0]?.code).toBe("UNHANDLED_REJECTION");
    const replay = error.schedule;
    const again = await findingOf(simulate(choreography, { ...options, replay }));
    expect(again.findings).toMatchObject([{ code: "UNHANDLED_REJECTION" }]);
  });

  it("comes before what follows from it, so that it is shrunk as itself", async () => {
    const { choreography, options } = shopWith(
      () => {
        void Promise.reject(new Error("floating"));
      },
      { holds: () => expect(1).toBe(2) },
    );
    const error = await findingOf(simulate(choreography, { ...options, seeds: 10 }));
    const codes = error.findings.map(({ code }) => code);
    expect(codes).toEqual(["UNHANDLED_REJECTION", "INVARIANT"]);
  });

  it("of a process that has crashed is none", async () => {
    const { choreography, options } = shopWith(async (_, { tx }) => {
      // Of a dead process, the file is still read, and the bank does not answer.
      const saved = readFile("package.json").then(() => insert(tx));
      await standIn("bank", () => {}).catch(() => {});
      await saved;
    });
    const { runs } = await simulate(choreography, { ...options, holds() {}, seeds: 30 });
    expect(runs).toBe(30);
  });
});

describe("a handler that waits for the world outside", () => {
  const told = (what: string) => ({ what, controlled: false, at: expect.stringMatching(HERE) });

  it("is waited for, and its call is told with its line", async () => {
    const { choreography, options } = shopWith(async () => {
      await readFile("package.json");
      await sleep(2);
    });
    const { leaks } = await simulate(choreography, { ...options, seeds: 5 });
    expect(leaks).toContainEqual(told("readFile()"));
    expect(leaks).toContainEqual(told("setTimeout()"));
  });

  it("is told though only one run comes there", async () => {
    let runs = 0;
    const { choreography, options } = shopWith(
      async (id) => {
        if (runs === 1 && id === "o-1") await readFile("package.json");
      },
      {
        given: ({ begin, pick }) => {
          if (pick([0, 1, 2]) === 1) runs = 1;
          else runs = 0;
          if (order !== undefined) begin(order, "o-1", () => placed({ orderId: "o-1" }));
        },
      },
    );
    const [order] = choreography.services;
    const { leaks } = await simulate(choreography, { ...options, seeds: 2 });
    expect(leaks).toEqual([told("readFile()")]);
  });

  it("is not given up on where it was tried again from the store", async () => {
    const { choreography, options } = shopWith(async (_, { attempt }) => {
      if (attempt < 3) throw new Error("not yet");
      await sleep(5);
    });
    expect((await simulate(choreography, { ...options, seeds: 10 })).runs).toBe(10);
  });

  it("may then wait for a stand-in", async () => {
    const { choreography, options } = shopWith(async () => {
      await readFile("package.json");
      await standIn("bank", () => {});
    });
    expect((await simulate(choreography, { ...options, holds() {}, seeds: 5 })).runs).toBe(5);
  });

  it("may be the beginning of a saga", async () => {
    const { choreography, options } = shopWith(() => {});
    const [order] = choreography.services;
    const { leaks } = await simulate(choreography, {
      ...options,
      given: ({ begin }) =>
        order !== undefined &&
        begin(order, "o-1", async () => {
          await readFile("package.json");
          return placed({ orderId: "o-1" });
        }),
      seeds: 3,
    });
    expect(leaks).toContainEqual(told("readFile()"));
  });

  it("in vain is a finding, with the line at which it waits", async () => {
    const { choreography, options } = shopWith(async () => {
      await new Promise(() => {});
    });
    const error = await findingOf(simulate(choreography, { ...options, seeds: 1 }));
    const at = expect.stringMatching(HERE);
    const whose = { service: "payment", reaction: "order.placed", at };
    expect(error.findings).toMatchObject([{ code: "UNCONTROLLED", ...whose }]);
  });
});
