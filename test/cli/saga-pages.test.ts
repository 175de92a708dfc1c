import { expect, it } from "vitest";
import { recentIds, SagaReader } from "../../src/cli/saga-pages.ts";
import { Books, begun, paid, placed, SAGA } from "../observer/books.ts";

/** Nothing follows from it. */
const unanswered = { ...paid, disposition: "suppressed", emitted: [], effect: undefined } as const;
const again = { id: "e-7", type: placed.type };

it("a saga whose emitter was read before it began is read again", async () => {
  await using books = await Books.open();
  await books.write("payment", { journal: [unanswered] });
  let begins = 1;
  const found = books.found(async (service) => {
    if (service !== "order" || begins-- !== 1) return;
    await books.write("order", { journal: [{ ...begun, emitted: [...begun.emitted, again] }] });
  });
  const reader = await SagaReader.of(found, undefined);
  const saga = (await reader.read([SAGA])).get(SAGA);
  expect(saga?.summary).toMatchObject({ state: "running", steps: 2 });
});

it("one whose cause no database keeps is read once more, and then rests", async () => {
  await using books = await Books.open();
  await books.write("payment", { journal: [unanswered] });
  let reads = 0;
  const reader = await SagaReader.of(
    books.found(async () => {
      reads++;
    }),
    undefined,
  );
  const saga = (await reader.read([SAGA])).get(SAGA);
  expect(saga?.summary).toMatchObject({ state: "rest", steps: 1 });
  expect(reads).toBe(4);
});

it("the sagas that began last are those of all services together", async () => {
  await using books = await Books.open();
  for (const [service, entry, sagaId] of [
    ["payment", unanswered, "s-1"],
    ["order", begun, "s-2"],
    ["payment", unanswered, "s-3"],
    ["order", begun, "s-4"],
  ] as const)
    await books.write(service, { journal: [{ ...entry, sagaId }] });
  expect(
    await recentIds(
      books.found(async () => {}),
      3,
    ),
  ).toEqual(["s-4", "s-3", "s-2"]);
});
