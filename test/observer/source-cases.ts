import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { sampleDeferred, sampleEntry, sampleEvent, writes } from "../../src/conformance/samples.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import type { FeedPage, JournalSource } from "../../src/ports/source.ts";
import type { SourceKind } from "./source-kits.ts";

const session = { service: "shop", owner: "p1", leaseMs: 60_000, now: Date.now };

/** Reads the feed to its end, page by page. */
async function readAll(
  source: JournalSource,
  limit: number,
  from?: string,
): Promise<{ readonly pages: readonly FeedPage[]; readonly cursor: string | undefined }> {
  const pages: FeedPage[] = [];
  for (let cursor = from; ; ) {
    const page = await source.feed(cursor, limit);
    pages.push(page);
    cursor = page.cursor;
    if (!page.more) return { pages, cursor };
  }
}

/** What every source must do. */
export function sourceCases({ describe, it }: Runner, { name, reads, make }: SourceKind): void {
  describe(`a source on ${name}`, () => {
    it("says whether an observer takes its reads from a server", async () => {
      await using kit = await make();
      await kit.store.open(session);
      const projection = new Projection(":memory:");
      const observer = new Observer({ sources: [kit.source()], projection });
      projection.close();
      assert.equal(observer.reads, reads);
    });

    it("says whose database it is, and with which declarations it ran", async () => {
      await using kit = await make();
      await kit.store.open(session);
      await kit.store.declarations.put({ fingerprint: "f", manifest: "{}" });
      const { service, declarations } = await kit.source().about();
      assert.equal(service, "shop");
      assert.deepEqual(
        declarations.map(({ fingerprint, manifest }) => [fingerprint, manifest]),
        [["f", "{}"]],
      );
    });

    it("the feed gives each row once, in the order of its places, page by page", async () => {
      await using kit = await make();
      await kit.store.open(session);
      for (let n = 0; n < 5; n++)
        await kit.store.transaction((tx) =>
          tx.write(writes({ journal: [sampleEntry(`${n}`), sampleEntry(`${n}b`)] })),
        );
      const source = kit.source();
      const { pages, cursor } = await readAll(source, 3);
      const ids = pages.flatMap(({ rows }) => rows.map(({ id }) => id));
      assert.deepEqual(
        [...ids].sort(),
        [0, 1, 2, 3, 4].flatMap((n) => [`${n}`, `${n}b`]),
      );
      const seqs = pages.flatMap(({ rows }) => rows.map(({ seq }) => seq));
      assert.deepEqual(
        seqs,
        seqs.toSorted((a, b) => a - b),
      );
      assert.deepEqual(
        pages.map(({ complete }) => complete),
        pages.map((_, at) => at === pages.length - 1),
      );
      const nothing = await source.feed(cursor, 3);
      assert.deepEqual([nothing.rows, nothing.more, nothing.complete], [[], false, true]);
    });

    it("a row that is written again comes again, also to another reader", async () => {
      await using kit = await make();
      await kit.store.open(session);
      const put = sampleEntry("1", { disposition: "retrying" });
      await kit.store.transaction((tx) => tx.write(writes({ journal: [put, sampleEntry("2")] })));
      const { cursor } = await readAll(kit.source(), 10);
      await kit.store.transaction((tx) => tx.write(writes({ amend: [sampleEntry("1")] })));
      const dispositions = async (from: string | undefined) =>
        (await readAll(kit.source(), 10, from)).pages
          .flatMap(({ rows }) => rows)
          .map(({ id, disposition }) => `${id} ${disposition}`);
      assert.deepEqual(await dispositions(cursor), ["1 done"]);
      assert.deepEqual((await dispositions(undefined)).sort(), ["1 done", "2 done"]);
    });

    it("lists the events of the outbox, until the bus has confirmed them", async () => {
      await using kit = await make();
      await kit.store.open(session);
      const { ticket } = await kit.store.transaction((tx) =>
        tx.write(writes({ enqueue: [sampleEvent("1"), sampleEvent("2")] })),
      );
      const source = kit.source();
      const waiting = await source.outbox(10);
      assert.deepEqual(
        waiting.map(({ id, type, sagaId }) => [id, type, sagaId]),
        ["1", "2"].map((id) => [id, "order.placed.v1", `saga of ${id}`]),
      );
      assert.ok(waiting.every(({ at }) => at > 0));
      assert.ok(ticket !== undefined);
      await kit.store.transaction((tx) => tx.write(writes({ confirm: [ticket] })));
      assert.deepEqual(await source.outbox(10), []);
    });

    it("reads a saga with what is put off, and counts", async () => {
      await using kit = await make();
      await kit.store.open(session);
      await kit.store.transaction((tx) =>
        tx.write(
          writes({
            journal: [sampleEntry("1", { disposition: "parked" })],
            defer: [sampleDeferred("1", { state: "parked" })],
          }),
        ),
      );
      const { inspect } = kit.source();
      const [history] = await inspect.histories(["saga of 1"]);
      assert.deepEqual(
        history?.journal.map(({ disposition }) => disposition),
        ["parked"],
      );
      assert.deepEqual(
        history?.deferred.map(({ state }) => state),
        ["parked"],
      );
      assert.deepEqual((await inspect.counts()).deferred, { parked: 1 });
      assert.equal((await inspect.journal("saga of 1")).length, 1);
    });

    it("lets a person retry and discard, with the rights to write", async () => {
      await using kit = await make();
      await kit.store.open(session);
      const parked = (id: string) => ({
        journal: [sampleEntry(id, { disposition: "parked" as const })],
        defer: [sampleDeferred(id, { state: "parked" })],
      });
      for (const id of ["1", "2"])
        await kit.store.transaction((tx) => tx.write(writes(parked(id))));
      const { cursor } = await readAll(kit.source(), 10);
      const { inspect } = kit.acting();
      const [first, second] = await inspect.deferred(["parked"], 10);
      await inspect.retry(first?.seq ?? 0);
      await inspect.discard(second?.seq ?? 0, "refunded by hand");
      const { pages } = await readAll(kit.source(), 10, cursor);
      assert.deepEqual(
        pages.flatMap(({ rows }) => rows).map(({ id, disposition }) => [id, disposition]),
        [["2", "discarded"]],
      );
      const [again] = await kit.source().inspect.deferred(["retrying"], 10);
      assert.equal(again?.id, "1");
    });

    it("refuses a cursor that it has not made", async () => {
      await using kit = await make();
      await kit.store.open(session);
      const source = kit.source();
      for (const cursor of ["", "x", "1 2-3", "1 a-b<c", "99999999999999999999999", "1; DROP"])
        await assert.rejects(source.feed(cursor, 1), { code: "OPTION_INVALID" }, cursor);
    });
  });
}
