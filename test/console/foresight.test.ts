import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { FromHere } from "../../src/check/from-here/from-here.ts";
import { sampleEntry, writes } from "../../src/conformance/samples.ts";
import { api } from "../../src/console/api.ts";
import { Desk } from "../../src/console/desk.ts";
import { Foresight, type SagaLook } from "../../src/console/foresight.ts";
import { Guard } from "../../src/console/guard.ts";
import { toManifest } from "../../src/manifest/read.ts";
import type { ServiceHistory } from "../../src/observe/summary.ts";
import { mutual } from "../check/families.ts";
import { eventually } from "../support/eventually.ts";
import { closing, temporaryFolder } from "../support/scope.ts";

/** Sixteen legs at once: a look that has no end while a test runs. */
const manifest = toManifest(mutual(16));
const ENDLESS = { statesMax: Number.MAX_SAFE_INTEGER, millisecondsMax: 120_000 };
const SHORT = { statesMax: 2 };
const PATIENCE_MS = 300_000;

const begun: readonly ServiceHistory[] = [
  {
    service: "order",
    history: {
      ...{ sagaId: "s", born: 0, last: 0, correlationId: "s", deferred: [] },
      journal: [
        {
          ...{ reaction: "begin", source: "/order", id: "e", type: "order.placed.v1" },
          ...{ sagaId: "s", causationId: undefined, seq: 1, duplicates: 0, fingerprint: undefined },
          ...{ at: 0, disposition: "begun" as const, effect: "order.placed" },
          emitted: [{ id: "e", type: "order.placed.v1" }],
        },
      ],
    },
  },
];

function ask(change: Partial<SagaLook> = {}): SagaLook {
  return { manifest, parts: begun, read: new Set(manifest.services.keys()), ...change };
}

/** A console over a saga of many legs, on a port of its own. */
async function served(path: string, declared = manifest) {
  const store = sqlite(path);
  await store.open({ service: "order", owner: "p", leaseMs: 60_000, now: Date.now });
  const entry = sampleEntry("e", { sagaId: "s", reaction: "begin", disposition: "begun" });
  const emitted = [{ id: "e", type: "order.placed.v1" }];
  await store.transaction((tx) => tx.write(writes({ journal: [{ ...entry, emitted }] })));
  await store.close();
  const desk = new Desk({
    ...{ sources: [sqliteSource(path)], manifest: declared, projection: ":memory:", allowed: [] },
    ...{ dev: undefined, kept: undefined, looks: ENDLESS },
  });
  const guard = new Guard({ hosts: ["127.0.0.1"], token: undefined, base: "" });
  const routes = api({ desk, guard, assets: undefined, base: "" });
  const server = createServer(getRequestListener(routes.fetch, { overrideGlobalObjects: false }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await routes.close();
    await desk.close();
  };
  return closing({ url: `http://127.0.0.1:${port}/api/v1`, desk, close });
}

describe("what takes long has a thread of its own", () => {
  it("pages are shown meanwhile, until the reader leaves", { timeout: PATIENCE_MS }, async () => {
    using folder = temporaryFolder("foresight");
    await using console = await served(join(folder.path, "order.db"));
    const readers = [new AbortController(), new AbortController()];
    const ends: string[] = [];
    const sagas = readers.map(({ signal }, n) =>
      fetch(`${console.url}/sagas/s`, { signal }).then(
        ({ status }) => ends.push(`${n}: ${status}`),
        ({ name }: Error) => ends.push(`${n}: ${name}`),
      ),
    );
    for (const page of ["about", "sagas", "services", "map", "parked", "events", "ledger"])
      expect([page, (await fetch(`${console.url}/${page}`)).status]).toEqual([page, 200]);
    expect(ends).toEqual([]);
    for (const reader of readers) reader.abort();
    await Promise.all(sagas);
    expect(ends.sort()).toEqual(["0: AbortError", "1: AbortError"]);
    // The server hears of it a little later, and the thread is free for the next one.
    await eventually(
      "another saga is looked into",
      async () => {
        const next = await console.desk.foresee(begun, { limits: SHORT });
        return next.outlook?.ahead.complete;
      },
      false,
    );
  });

  it("a map is laid out in a thread, once", async () => {
    using folder = temporaryFolder("layout");
    await using console = await served(join(folder.path, "order.db"));
    let threads = 0;
    const note = () => threads++;
    process.on("worker", note);
    try {
      for (let n = 0; n < 2; n++)
        expect(await (await fetch(`${console.url}/map?back=1`)).json()).toMatchObject({
          nodes: expect.arrayContaining([expect.objectContaining({ id: "leg15" })]),
        });
      expect(threads).toBe(1);
    } finally {
      process.off("worker", note);
    }
  });

  it("says that a map is too large", async () => {
    using folder = temporaryFolder("layout");
    await using console = await served(join(folder.path, "order.db"), toManifest(mutual(42)));
    const reply = await fetch(`${console.url}/map?back=1`);
    expect([reply.status, await reply.json()]).toMatchObject([
      409,
      { error: { code: "PICTURE_TOO_LARGE" } },
    ]);
  });

  it("answers in turn, and takes a bounded number of questions", async () => {
    await using foresight = closing(new Foresight());
    const leaving = new AbortController();
    const { signal } = leaving;
    const asked = Array.from({ length: 66 }, () => foresight.of(ask({ signal, limits: ENDLESS })));
    const settled = Promise.allSettled(asked);
    await expect(asked.at(-1)).rejects.toMatchObject({ code: "CONSOLE_BUSY", status: 503 });
    const feed = foresight.of(ask({ limits: SHORT }));
    leaving.abort(new Error("left"));
    expect((await feed).outlook?.ahead.complete).toBe(false);
    const results = await settled;
    expect(results.map(({ status }) => status)).toEqual(asked.map(() => "rejected"));
    const { outlook } = await foresight.of(ask({ limits: SHORT }));
    expect(outlook).toMatchObject({ endsKnown: true, ahead: { complete: false } });
    await expect(foresight.of(ask({ signal }))).rejects.toThrow("left");
  });

  it("closes while it looks into one saga and others wait", async () => {
    const foresight = new Foresight();
    const asked = [1, 2].map(() => foresight.of(ask({ limits: ENDLESS })));
    await foresight.close();
    expect(await Promise.all(asked)).toEqual([{ failed: true }, { failed: true }]);
    expect(await foresight.of(ask())).toEqual({ failed: true });
  });

  it("fails where its thread ends, and does not begin one after the other", async () => {
    await using broken = closing(
      new Foresight(new URL("data:text/javascript,throw new Error('no memory')")),
    );
    for (let n = 0; n < 5; n++) expect(await broken.of(ask())).toEqual({ failed: true });
  });

  it("explores a position once, for all sagas that stand in it", () => {
    const fromHere = new FromHere(toManifest(mutual(2)));
    const look = (limits = {}) => fromHere.of(begun, new Set(), limits)?.ahead;
    const cut = look(SHORT);
    expect([cut?.complete, look(SHORT) === cut]).toEqual([false, false]);
    const whole = look();
    expect([whole?.complete, look() === whole]).toEqual([true, true]);
  });
});
