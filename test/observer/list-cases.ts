import assert from "node:assert/strict";
import fc, {
  array,
  constantFrom,
  nat,
  oneof,
  option,
  property,
  record,
  subarray,
} from "fast-check";
import type { Runner } from "odori/conformance";
import { Projection } from "../../src/observer/projection.ts";
import { type ListPlace, type SagaListQuery, sagaPage } from "../../src/observer/saga-list.ts";
import type { Judged } from "../../src/observer/saga-rows.ts";

const SERVICES = ["payment", "stock"] as const;
const EVENTS = ["order.placed", "payment.charged", "stock.picked"] as const;
const VERDICTS = ["running", "parked", "stuck"] as const;

/** A saga of a list, and what it waits for. */
const sample = record({
  began: nat(5),
  verdict: constantFrom(...VERDICTS),
  correlation: option(constantFrom("web-1", "web-2"), { nil: undefined }),
  open: array(record({ service: constantFrom(...SERVICES), event: constantFrom(...EVENTS) }), {
    maxLength: 3,
  }),
});
type Sample = typeof sample extends fc.Arbitrary<infer T> ? T : never;

/** Often absent: with a filter of the id or the correlation, a list takes no other way. */
const maybe = <T>(of: fc.Arbitrary<T>) => option(of, { nil: undefined, freq: 2 });
const some = <T>(of: readonly T[]) => subarray([...of], { minLength: 1 });
const ways = {
  verdicts: maybe(some(VERDICTS)),
  at: maybe(constantFrom(...SERVICES)),
  events: maybe(some(EVENTS)),
  beganBy: maybe(nat(5)),
  limit: constantFrom(1, 2, 5),
};
const asked = oneof(
  record(ways),
  record({
    ...ways,
    correlationId: maybe(constantFrom("web-1", "s-1")),
    prefix: maybe(constantFrom("s-", "s-1")),
  }),
);

function judged({ began, verdict, correlation, open }: Sample, n: number): Judged {
  const sagaId = `s-${n}`;
  return {
    summary: {
      ...{ sagaId, correlationId: correlation ?? sagaId, state: "running", end: undefined },
      ...{ began, last: began, steps: 1, duplicates: 0 },
      open: open.map(({ service, event }) => ({
        ...({ service, reaction: event, type: `${event}.v1`, state: "on its way" } as const),
        ...{ since: began, dueAt: undefined, seq: undefined },
      })),
    },
    ...{ verdict, parked: [], early: [], uncounted: new Set<string>(), unread: [], unnamed: [] },
  };
}

/** What a list has, said without any index. */
function plainly(samples: readonly Sample[], query: SagaListQuery): readonly string[] {
  const { verdicts, at, events, beganBy, correlationId, prefix = "" } = query;
  return samples
    .map((one, n) => ({ ...one, id: `s-${n}` }))
    .filter(
      ({ id, began, verdict, correlation = id, open }) =>
        (verdicts?.some((one) => one === verdict) ?? true) &&
        (beganBy === undefined || began <= beganBy) &&
        (correlationId === undefined || correlation === correlationId) &&
        id.startsWith(prefix) &&
        ((at === undefined && events === undefined) ||
          open.some(
            ({ service, event }) =>
              (at ?? service) === service && (events?.some((one) => one === event) ?? true),
          )),
    )
    .sort((a, b) => (query.prefix === undefined ? b.began - a.began || later(a, b) : -later(a, b)))
    .map(({ id }) => id);
}

const later = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? 1 : -1);

/** All pages of a list, one after the other. */
function pagesOf({ sql }: Projection, query: SagaListQuery): readonly string[] {
  const ids: string[] = [];
  for (let behind: ListPlace | undefined, more = true; more; ) {
    const { sagas, next } = sagaPage(sql, { ...query, behind });
    assert.ok(sagas.length <= query.limit);
    ids.push(...sagas.map(({ id }) => id));
    more = next !== undefined;
    behind = next;
  }
  return ids;
}

/** Lists of sagas, held against a plain filter over all of them. */
export function listCases({ describe, it }: Runner): void {
  describe("a list of sagas", () => {
    it("has each saga for which all filters hold once, page by page", async () => {
      fc.assert(
        property(
          array(sample, { maxLength: 12 }),
          array(asked, { minLength: 5 }),
          (all, queries) => {
            const projection = new Projection(":memory:");
            try {
              const sagas = all.map(judged);
              projection.apply({ sagas, accounts: [], passages: [], places: [] });
              for (const query of queries)
                assert.deepEqual(
                  pagesOf(projection, query),
                  plainly(all, query),
                  JSON.stringify(query),
                );
            } finally {
              projection.close();
            }
          },
        ),
        { numRuns: 300 },
      );
    });
  });
}
