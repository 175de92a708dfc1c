import { join } from "node:path";
import { sqlite, sqliteSource } from "odori/sqlite";
import { expect, it } from "vitest";
import { sampleDeferred, sampleEntry, writes } from "../../src/conformance/samples.ts";
import { Desk } from "../../src/console/desk.ts";
import { LiveNow } from "../../src/console/live.ts";
import { Maps } from "../../src/console/map.ts";
import { Proofs } from "../../src/console/proof.ts";
import { opened, shop } from "../cli/fixtures/shopping.ts";
import { closing, temporaryFolder } from "../support/scope.ts";

const ALIVE_MS = 3_600_000;

function deskOver(path: string, projection: string): Desk {
  return new Desk({
    ...{ sources: [sqliteSource(path)], manifest: undefined, projection, allowed: [] },
    ...{ dev: undefined, kept: undefined },
  });
}

it("what another process has read into the projection is a change; nothing is none", async () => {
  using folder = temporaryFolder("change");
  const path = join(folder.path, "payment.db");
  await using store = closing(sqlite(path));
  const session = { service: shop.name, owner: "p", leaseMs: ALIVE_MS, now: Date.now };
  await store.open(session);
  const begin = (sagaId: string) =>
    store.transaction((tx) =>
      tx.write(
        writes({
          journal: [
            sampleEntry(`e of ${sagaId}`, {
              ...{ sagaId, reaction: "begin", source: `/${shop.name}`, type: opened.type },
              ...{ disposition: "begun", emitted: [{ id: `e of ${sagaId}`, type: opened.type }] },
            }),
          ],
        }),
      ),
    );
  const projection = join(folder.path, "projection.db");
  await using desk = closing(deskOver(path, projection));
  await using other = closing(deskOver(path, projection));
  const live = new LiveNow(desk, new Maps(desk), new Proofs(desk));
  const begun = live.read({}).change;
  await begin("s-1");
  await other.observer.catchUp();
  const first = live.read({}).change;
  expect(first).not.toBe(begun);
  expect(live.read({}).change).toBe(first);
  await begin("s-2");
  await other.observer.catchUp();
  expect(live.read({}).change).not.toBe(first);
});

it("what is parked is read again each round, which is a change only where it differs", async () => {
  using folder = temporaryFolder("change");
  const path = join(folder.path, "payment.db");
  await using store = closing(sqlite(path));
  await store.open({ service: shop.name, owner: "p", leaseMs: ALIVE_MS, now: Date.now });
  const parked = sampleDeferred("e-1", { sagaId: "s-1", state: "parked" });
  const { deferred } = await store.transaction((tx) => tx.write(writes({ defer: [parked] })));
  await using desk = closing(deskOver(path, ":memory:"));
  const { observer } = desk;
  await observer.look(["s-1"]);
  const { change } = observer;
  expect(desk.projection.deferredSagas("", 2)).toEqual(["s-1"]);
  await observer.look(["s-1"]);
  expect(observer.change).toBe(change);
  await store.inspect.retry(deferred[0] ?? 0);
  await observer.look(["s-1"]);
  expect(observer.change).toBe(change + 1);
});

it("another process of the console counts on from other numbers", async () => {
  using folder = temporaryFolder("change");
  const path = join(folder.path, "payment.db");
  await using store = closing(sqlite(path));
  await store.open({ service: shop.name, owner: "p", leaseMs: ALIVE_MS, now: Date.now });
  await using desk = closing(deskOver(path, ":memory:"));
  const before = Date.now();
  expect(
    new LiveNow(desk, new Maps(desk), new Proofs(desk)).read({}).change,
  ).toBeGreaterThanOrEqual(before);
});
