import fc from "fast-check";
import { expect, it } from "vitest";
import { sampleDeferred } from "../../src/conformance/samples.ts";
import type { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import {
  ALIVE_MS,
  Books,
  begun,
  fromOutside,
  order,
  paid,
  patient,
  placed,
  sent,
  withoutFacts,
} from "./books.ts";

const FORGETS = { forMs: 1, most: 1 };
const HAPPENINGS = [
  ...["begin", "pay", "park", "resolve", "discard", "ship", "come from outside"],
  ...["restart", "be read by another", "forget"],
] as const;
type Happening = (typeof HAPPENINGS)[number];

/** Two observers of the same books: one reads each saga, the other takes what its feeds tell. */
class Twins implements AsyncDisposable {
  readonly #books: Books;
  readonly #pageRows: number;
  readonly #hasDeadline: boolean;
  readonly #reading = new Projection(":memory:", FORGETS);
  readonly #reader: Observer;
  #taker: Observer;
  readonly #done = new Set<string>();
  #outside = 0;
  #now = Date.now();

  private constructor(books: Books, pageRows: number, hasDeadline: boolean) {
    this.#books = books;
    this.#pageRows = pageRows;
    this.#hasDeadline = hasDeadline;
    const projection = this.#reading;
    this.#reader = books.observer({ projection, told: withoutFacts, pageRows });
    this.#taker = books.observer({ pageRows });
  }

  static async open(pageRows: number, hasDeadline: boolean): Promise<Twins> {
    const books = await Books.open(hasDeadline ? patient : order, FORGETS);
    return new Twins(books, pageRows, hasDeadline);
  }

  /** Both read a page of each feed. */
  async round(): Promise<void> {
    await this.#reader.readFeeds();
    await this.#taker.readFeeds();
  }

  get rows() {
    return { taken: this.#books.projection.dump(), read: this.#reading.dump() };
  }

  async do(happening: Happening, sagaId: string): Promise<void> {
    const books = this.#books;
    const of = <T>(row: T) => ({ ...row, sagaId });
    switch (happening) {
      case "begin":
        return this.#once(happening, sagaId, () =>
          books.write("order", {
            journal: [of(begun)],
            defer: this.#hasDeadline ? [of(ARMED)] : [],
          }),
        );
      case "pay":
        return this.#once("payment", sagaId, () => books.write("payment", { journal: [of(paid)] }));
      case "park":
        return this.#once("payment", sagaId, async () => {
          this.#done.add(`parked ${sagaId}`);
          const parked = { ...of(paid), disposition: "parked", emitted: [] } as const;
          await books.write("payment", { journal: [parked], defer: [of(PARKED)] });
        });
      case "resolve":
        if (!this.#done.delete(`parked ${sagaId}`)) return;
        return books.write("payment", { amend: [{ ...of(paid), attempt: 2 }] });
      case "discard":
        if (!this.#done.delete(`parked ${sagaId}`)) return;
        return books.discard(sagaId);
      case "ship":
        return this.#once(happening, sagaId, () => books.write("order", { journal: [of(sent)] }));
      case "come from outside":
        return books.write("payment", {
          journal: [{ ...of(fromOutside), id: `outside-${this.#outside++}` }],
        });
      case "restart":
        this.#taker = books.observer({ pageRows: this.#pageRows });
        return;
      case "be read by another":
        await books.observer({ pageRows: this.#pageRows }).readFeeds();
        await this.#reader.readFeeds();
        return;
      case "forget":
        this.#now += ALIVE_MS;
        for (const one of [books.projection, this.#reading]) one.forget(this.#now);
    }
  }

  async #once(what: string, sagaId: string, work: () => Promise<void>): Promise<void> {
    const key = `${what} ${sagaId}`;
    if (this.#done.has(key)) return;
    this.#done.add(key);
    await work();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#books[Symbol.asyncDispose]();
    this.#reading.close();
  }
}

const { reaction, source, type } = paid;
const PARKED = sampleDeferred("e-1", { reaction, source, type, state: "parked" });
const ARMED = sampleDeferred("e-1", {
  ...{ reaction: "deadline order.expired", type: placed.type, state: "armed" },
  ...{ delayMs: ALIVE_MS, problem: undefined },
});

it("an observer says of sagas that are told what it says of those that it reads", async () => {
  const happenings = fc.array(
    fc.record({
      happening: fc.constantFrom(...HAPPENINGS),
      saga: fc.constantFrom("a", "b", "c"),
      rounds: fc.nat(2),
    }),
    { minLength: 4, maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(
      happenings,
      fc.constantFrom(1, 2, 3, 100),
      fc.boolean(),
      async (all, page, has) => {
        await using twins = await Twins.open(page, has);
        for (const { happening, saga, rounds } of all) {
          await twins.do(happening, saga);
          for (let n = 0; n < rounds; n++) await twins.round();
          const { taken, read } = twins.rows;
          expect(taken).toEqual(read);
        }
      },
    ),
    { numRuns: 60 },
  );
}, 600_000);
