import assert from "node:assert/strict";
import { gate } from "./runner.ts";
import { sampleEvent, writes } from "./samples.ts";
import { openAs, outlive, type StoreTest } from "./store-fixture.ts";

/** Tests the outbox: tickets and claims. */
export function outboxSuite<Native>(test: StoreTest<Native>): void {
  test("what a live process has enqueued is its own", async (fixture, store) => {
    const { clock } = fixture;
    const other = await fixture.connect();
    await openAs(store, "p1", clock);
    await openAs(other, "p2", clock);
    const { ticket } = await store.transaction((tx) =>
      tx.write(writes({ enqueue: [sampleEvent("1"), sampleEvent("2")] })),
    );
    assert.equal(typeof ticket, "number");
    assert.deepEqual((await other.claim(10)).outbox, []);
    assert.deepEqual((await store.claim(10)).outbox, [], "not even its own relay takes it");
  });

  test("one other process claims what a dead process has left", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const event = sampleEvent("1", {
      subject: "s",
      causationId: "0",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "vendor=of the 'span'",
      data: { text: "日本 \"'", list: [1, null, { a: true }] },
    });
    await store.transaction((tx) => tx.write(writes({ enqueue: [event] })));
    const two = await fixture.connect();
    const three = await fixture.connect();
    await openAs(two, "p2", clock);
    await openAs(three, "p3", clock);
    await outlive(clock, two, three);
    const claims = await Promise.all([two.claim(10), three.claim(10)]);
    const rows = claims.flatMap(({ outbox }) => outbox);
    assert.deepEqual(
      rows.map(({ events }) => events),
      [[event]],
    );
  });

  test("a clean end needs no wait", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("1")] })));
    await store.close();
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    assert.equal((await other.claim(10)).outbox.length, 1);
  });

  test("who lives keeps what it holds", async (fixture, store) => {
    const { clock } = fixture;
    const other = await fixture.connect();
    await openAs(store, "p1", clock);
    await openAs(other, "p2", clock);
    await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("1")] })));
    for (let i = 0; i < 12; i++) {
      await clock.advance(250);
      if (i % 2 === 0) await store.beat();
      assert.deepEqual((await other.claim(10)).outbox, []);
    }
  });

  test("what was confirmed is gone, and nothing else", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const { ticket: first } = await store.transaction((tx) =>
      tx.write(writes({ enqueue: [sampleEvent("1")] })),
    );
    await store.transaction((tx) =>
      tx.write(
        writes({ enqueue: [sampleEvent("2")], confirm: first === undefined ? [] : [first] }),
      ),
    );
    assert.equal((await store.inspect.counts()).outbox, 1);
    await store.close();
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    const { outbox } = await other.claim(10);
    assert.deepEqual(
      outbox.map(({ events }) => events[0]?.id),
      ["2"],
    );
  });

  test("a reduced row keeps the rest of its events", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const events = ["1", "2", "3"].map((id) => sampleEvent(id));
    const { ticket } = await store.transaction((tx) => tx.write(writes({ enqueue: events })));
    assert.ok(ticket !== undefined);
    await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("4")] })));
    const rest = events.slice(1, 2);
    await store.transaction((tx) => tx.write(writes({ reduce: [{ ticket, events: rest }] })));
    assert.equal((await store.inspect.counts()).outbox, 2);
    assert.deepEqual((await store.claim(10)).outbox, [], "it still belongs to its process");
    await store.close();
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    const [row, neighbour] = (await other.claim(10)).outbox;
    assert.equal(row?.ticket, ticket);
    assert.deepEqual(row?.events, rest);
    assert.deepEqual(neighbour?.events, [sampleEvent("4")]);
  });

  test("a failed commit reduces no row, and none comes back", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const events = ["1", "2"].map((id) => sampleEvent(id));
    const { ticket } = await store.transaction((tx) => tx.write(writes({ enqueue: events })));
    assert.ok(ticket !== undefined);
    const reduce = [{ ticket, events: events.slice(1) }];
    const failing = store.transaction(async (tx) => {
      await tx.write(writes({ reduce }));
      throw new Error("undone");
    });
    await assert.rejects(failing, { message: "undone" });
    assert.equal((await store.inspect.counts()).outbox, 2);
    await store.transaction((tx) => tx.write(writes({ confirm: [ticket] })));
    await store.transaction((tx) => tx.write(writes({ reduce, release: [ticket] })));
    assert.equal((await store.inspect.counts()).outbox, 0);
  });

  test("a released row is claimed again, also by its own process", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const event = sampleEvent("1");
    const { ticket } = await store.transaction((tx) => tx.write(writes({ enqueue: [event] })));
    assert.ok(ticket !== undefined);
    assert.deepEqual((await store.claim(10)).outbox, []);
    await store.transaction((tx) => tx.write(writes({ release: [ticket] })));
    const [row] = (await store.claim(10)).outbox;
    assert.equal(row?.ticket, ticket);
    assert.deepEqual(row?.events, [event]);
  });

  test("a ticket is never used again", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const tickets = new Set<number | undefined>();
    for (let i = 0; i < 5; i++) {
      const { ticket } = await store.transaction((tx) =>
        tx.write(writes({ enqueue: [sampleEvent(`${i}`)] })),
      );
      assert.equal(tickets.has(ticket), false);
      tickets.add(ticket);
      await store.transaction((tx) =>
        tx.write(writes({ confirm: ticket === undefined ? [] : [ticket] })),
      );
    }
  });

  test("claims come oldest first, and no more than the limit", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    for (const id of ["1", "2", "3"])
      await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent(id)] })));
    await store.close();
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    const ids = async () =>
      (await other.claim(2)).outbox.flatMap(({ events }) => events.map(({ id }) => id));
    assert.deepEqual(await ids(), ["1", "2"]);
    assert.deepEqual(await ids(), ["3"]);
    assert.deepEqual(await ids(), []);
  });

  const outOfOrder: Parameters<StoreTest<Native>>[1] = async (fixture, store) => {
    const { clock } = fixture;
    const [slow, quick, relay] = [store, await fixture.connect(), await fixture.connect()];
    await openAs(slow, "p1", clock);
    await openAs(quick, "p2", clock);
    const { opened, open } = gate();
    const { opened: written, open: wrote } = gate();
    const late = slow.transaction(async (tx) => {
      await tx.write(writes({ enqueue: [sampleEvent("late")] }));
      wrote();
      await opened;
    });
    await written;
    await quick.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("early")] })));
    await openAs(relay, "p3", clock);
    await outlive(clock, relay);
    const ids = async () =>
      (await relay.claim(10)).outbox.flatMap(({ events }) => events.map(({ id }) => id));
    assert.deepEqual(await ids(), ["early"]);
    open();
    await late;
    assert.deepEqual(await ids(), ["late"]);
  };
  test("a row that commits after a younger one is claimed all the same", outOfOrder, "concurrent");

  test("writing nothing gives no ticket", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const { ticket } = await store.transaction((tx) => tx.write(writes({})));
    assert.equal(ticket, undefined);
  });
}
