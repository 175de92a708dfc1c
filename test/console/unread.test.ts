import { join } from "node:path";
import { start } from "odori";
import { odoriConsole } from "odori/console";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { placed, shopWith, Troubles } from "../page/shop.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { leavingSource } from "./stage.ts";

const TOKEN = "a-token-that-is-long-enough";

describe("a saga whose database cannot be read in part", () => {
  it("does not miss there what may have come", async () => {
    using folder = temporaryFolder("unread");
    const { services, declared } = shopWith(new Troubles(), false);
    const names = services.map(({ name }) => name);
    const pathOf = (name: string) => join(folder.path, `${name}.db`);
    await using bus = closing(memoryBus(names));
    const optionsOf = (name: string) => ({
      ...{ store: sqlite(pathOf(name)), bus, logger: silent, pollMs: 5 },
    });
    const [order, payment, stock, mail] = services;
    await using first = stopping(await start(order, optionsOf("order")));
    await using paying = stopping(await start(payment, optionsOf("payment")));
    await using keeping = stopping(await start(stock, optionsOf("stock")));
    await using _mailing = stopping(await start(mail, optionsOf("mail")));
    await first.begin("o-1", () => placed({ orderId: "o-1", note: "jammed" }));
    await eventually("stock has given up", async () => {
      const { deferred } = await keeping.inspect.counts();
      return [deferred.parked, (await paying.inspect.counts()).outbox];
    }, [1, 0]);
    let away = false;
    await using console = closing(
      odoriConsole({
        sources: names.map((name) => {
          const source = sqliteSource(pathOf(name));
          return name === "payment" ? leavingSource(source, () => away) : source;
        }),
        choreography: declared,
        token: TOKEN,
      }),
    );
    // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
    const ask = async (path: string): Promise<any> => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const reply = await console.fetch(
        new Request(`http://localhost/api/v1/${path}`, { headers }),
      );
      return reply.json();
    };
    await eventually("it is read", async () => (await ask("sagas")).totals, { parked: 1 });
    away = true;
    const saga = await eventually(
      "the saga is told without payment",
      () => ask("sagas/o-1"),
      ({ saga: { unread } }) => unread?.includes("payment"),
    );
    expect(saga.why.map(({ service }: { service: string }) => service)).toEqual(["stock"]);
    expect(saga.outlook).toBeUndefined();
    const { services: rows } = await ask("services");
    expect(rows.find(({ name }: { name: string }) => name === "payment")).toMatchObject({
      problem: "STORE_UNAVAILABLE",
      unreadSince: expect.any(Number),
    });
  });
});
