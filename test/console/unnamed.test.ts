import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { start } from "odori";
import { odoriConsole } from "odori/console";
import { writeManifest } from "odori/manifest";
import { memoryBus } from "odori/memory";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { placed, shopWith, Troubles } from "../page/shop.ts";
import { odori } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";

const TOKEN = "a-token-that-is-long-enough";
const LIMIT = { timeout: 120_000 };

/** Runs the orders of a shop whose order does not hear that a payment was declined. */
async function shopped(folder: string, named: readonly string[], notes: readonly string[]) {
  const { services, declared } = shopWith(new Troubles(), true);
  const names = services.map(({ name }) => name);
  for (const part of ["named", "apart"]) mkdirSync(join(folder, part));
  const pathOf = (name: string) =>
    join(folder, named.includes(name) ? "named" : "apart", `${name}.db`);
  await using bus = closing(memoryBus(names));
  const optionsOf = (name: string) => ({
    ...{ store: sqlite(pathOf(name)), bus, logger: silent, pollMs: 5 },
  });
  const [order, payment, stock, mail] = services;
  await using ordering = stopping(await start(order, optionsOf("order")));
  await using paying = stopping(await start(payment, optionsOf("payment")));
  await using keeping = stopping(await start(stock, optionsOf("stock")));
  await using _mailing = stopping(await start(mail, optionsOf("mail")));
  for (const [n, note] of notes.entries())
    await ordering.begin(`o-${n}`, () => placed({ orderId: `o-${n}`, note }));
  await eventually(
    "nothing is left to publish",
    async () => {
      const counts = await Promise.all(
        [ordering, paying, keeping].map((app) => app.inspect.counts()),
      );
      return counts.reduce((sum, { outbox }) => sum + outbox, 0);
    },
    0,
  );
  const manifest = join(folder, "shop.json");
  writeFileSync(manifest, writeManifest(manifestOf(declared)));
  return { declared, manifest, data: join(folder, "named"), paths: named.map(pathOf) };
}

describe("services of the choreography of which no database is named", LIMIT, () => {
  it("are not what makes a saga stuck, neither to the commands", async () => {
    using folder = temporaryFolder("unnamed");
    const { manifest, data } = await shopped(folder.path, ["order", "payment"], ["fine", "poor"]);
    const place = ["--data", data, "--source", manifest];
    const sagas = await odori(["sagas", ...place]);
    expect(sagas.out).toMatch(/o-0 +running +not read: mail, stock/);
    expect(sagas.out).toMatch(/^not read: mail, stock\. Name their databases/m);
    // A service that only listens would not end this one.
    expect(sagas.out).toMatch(/o-1 +stuck +rests at payment: .* ago; not read: mail/);
    const ledger = await odori(["ledger", ...place]);
    expect(ledger.out).toMatch(/^running +1$/m);
    expect(ledger.out).toMatch(/^stuck +1$/m);
    expect(ledger.out).toContain("Every event is accounted for, as far as it is read.");
    const trace = await odori(["trace", "o-0", ...place]);
    expect(trace).toMatchObject({ status: 0 });
    expect(trace.out).toMatch(/^WHY +it may have gone on where nothing is read: mail, stock$/m);
    expect(trace.out).not.toContain("nothing is left to happen");
    expect(trace.out).toContain("no database of mail, stock was read");
  });

  it("nor to the console, which names them", async () => {
    using folder = temporaryFolder("unnamed");
    const { declared, paths } = await shopped(folder.path, ["order", "payment"], ["fine", "poor"]);
    await using console = closing(
      odoriConsole({ sources: paths.map(sqliteSource), choreography: declared, token: TOKEN }),
    );
    const reply = (path: string) =>
      console.fetch(
        new Request(`http://localhost/${path}`, { headers: { authorization: `Bearer ${TOKEN}` } }),
      );
    // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
    const ask = async (path: string): Promise<any> => (await reply(`api/v1/${path}`)).json();
    await eventually("it is read", async () => (await ask("sagas")).totals, {
      running: 1,
      stuck: 1,
    });
    const metrics = await (await reply("metrics")).text();
    expect(metrics).toContain('odori_sagas{verdict="stuck"} 1');
    const { sagas } = await ask("sagas?id=o-0");
    expect(sagas).toMatchObject([{ verdict: "running", unread: ["stock", "mail"] }]);
    expect(await ask("sagas/o-0")).toMatchObject({
      saga: { verdict: "running", unread: ["stock", "mail"] },
      outlook: { next: [{ service: "stock" }], doubts: ["no database of stock, mail was read"] },
    });
    const { nodes } = await ask("map?listeners=1");
    const unread = nodes.filter(({ live }: { live: { unread?: true } }) => live.unread);
    expect(unread.map(({ id }: { id: string }) => id)).toEqual(["stock", "mail"]);
    const stream = (await reply("api/v1/live")).body?.getReader();
    const first = new TextDecoder().decode((await stream?.read())?.value);
    await stream?.cancel();
    expect(JSON.parse(first.replace(/^data: /, ""))).toMatchObject({ unnamed: ["stock", "mail"] });
  });
});
