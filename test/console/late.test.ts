import { odoriConsole } from "odori/console";
import { sqliteSource } from "odori/sqlite";
import { expect, it } from "vitest";
import { Books, order, SAGA, shop } from "../observer/books.ts";
import { eventually } from "../support/eventually.ts";
import { ORIGIN, TOKEN } from "./stage.ts";

const TWO_MINUTES_MS = 120_000;

it("a saga that is late in the list is late on its own page, until it goes on", async () => {
  await using books = await Books.open(order, undefined, -TWO_MINUTES_MS);
  await books.begin();
  const sources = ["order", "payment"].map((name) => sqliteSource(books.path(name)));
  const console = odoriConsole({ sources, choreography: shop, token: TOKEN });
  const headers = { authorization: `Bearer ${TOKEN}` };
  const ask = async (path: string) => {
    const reply = await console.fetch(new Request(`${ORIGIN}/api/v1/${path}`, { headers }));
    return JSON.parse(await reply.text());
  };
  try {
    await eventually(
      "the list says so",
      async () => (await ask("sagas")).sagas[0]?.verdict,
      "late",
    );
    expect((await ask(`sagas/${SAGA}`)).saga.verdict).toBe("late");
    // Before the list knows of it, if that is so.
    await books.pay();
    await books.ship();
    expect((await ask(`sagas/${SAGA}`)).saga.verdict).toBe("succeeded");
  } finally {
    await console.close();
  }
});
