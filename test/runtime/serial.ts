import assert from "node:assert/strict";
import fc from "fast-check";
import type { App, EventContract, EventEnvelope } from "odori";
import { service } from "odori";
import type { Runner } from "odori/conformance";
import { eventually } from "../support/eventually.ts";
import type { Shelf, ShelfKind } from "../support/shelf.ts";
import { envelope } from "../support/stage.ts";
import { asked, open } from "./isolation.ts";

/** What one handler does, step by step. */
type Step =
  /** Reads an item and writes it back, one more; notes which count it has seen. */
  | { readonly kind: "take"; readonly item: number; readonly sent: boolean }
  /** Notes with `send`, twice in a row. */
  | { readonly kind: "send" }
  | { readonly kind: "send failing" }
  | { readonly kind: "note"; readonly awaited: boolean }
  | { readonly kind: "yield" }
  /** Longer than a commit group waits. */
  | { readonly kind: "slow" }
  | { readonly kind: "fail"; readonly swallowed: boolean }
  | { readonly kind: "attempt" }
  /** Throws at the first attempt, or at each one. */
  | { readonly kind: "throw"; readonly once: boolean };

interface Plan {
  readonly saga: number;
  readonly sync: boolean;
  readonly steps: readonly Step[];
  /** Whether it is heard twice, and by which process first. */
  readonly twice: boolean;
  readonly process: 0 | 1;
}

const ITEMS = 3;
const SAGAS = 8;
const SLOW_MS = 90;

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("take" as const),
      item: fc.nat(ITEMS - 1),
      sent: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ kind: "note", awaited: true } as const) },
  { weight: 6, arbitrary: fc.constant({ kind: "send" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "send failing" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "note", awaited: false } as const) },
  { weight: 4, arbitrary: fc.constant({ kind: "yield" } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: "attempt" } as const) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("fail" as const), swallowed: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("throw" as const), once: fc.boolean() }) },
);
const plans: fc.Arbitrary<Plan> = fc.record({
  saga: fc.nat(SAGAS - 1),
  sync: fc.boolean(),
  steps: fc.oneof(
    { weight: 30, arbitrary: fc.array(steps, { maxLength: 4 }) },
    {
      weight: 1,
      arbitrary: fc
        .array(steps, { maxLength: 2 })
        .map((rest) => [{ kind: "slow" } as const, ...rest]),
    },
  ),
  twice: fc.boolean(),
  process: fc.constantFrom(0 as const, 1 as const),
});

/** A plan of one run of the property, which no other run shares rows with. */
interface Job extends Plan {
  readonly run: number;
}

/** Does what a plan says. Notes carry the number of the delivery. */
async function act(shelf: Shelf, tx: unknown, n: number, job: Job, attempt: number): Promise<void> {
  for (const [index, step] of job.steps.entries()) {
    const acting = perform(shelf, tx, { n, index, step, job, attempt });
    if (step.kind === "note" && !step.awaited) void acting.catch(() => {});
    else await acting;
  }
}

async function perform(
  shelf: Shelf,
  tx: unknown,
  {
    n,
    index,
    step,
    job,
    attempt,
  }: { n: number; index: number; step: Step; job: Job; attempt: number },
): Promise<void> {
  switch (step.kind) {
    case "take": {
      const item = `${job.run}/${step.item}`;
      const seen = await shelf.read(tx, item);
      const text = `${n} ${index} took ${item} ${seen}`;
      if (step.sent) return shelf.send(tx, { item: [item, seen + 1], text });
      await shelf.write(tx, item, seen + 1);
      await shelf.note(tx, text);
      return;
    }
    case "send":
      shelf.send(tx, { text: `${n} ${index} first` });
      return shelf.send(tx, { text: `${n} ${index} second` });
    case "send failing":
      return shelf.sendFailing(tx);
    case "note":
      return shelf.note(tx, `${n} ${index}`);
    case "yield":
      return new Promise((resolve) => setImmediate(resolve));
    case "slow":
      return new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    case "fail":
      try {
        await shelf.fail(tx);
      } catch (error) {
        if (!step.swallowed) throw error;
      }
      return;
    case "attempt":
      return shelf.attempt(tx, () => shelf.note(tx, `${n} ${index} attempted`));
    case "throw":
      if (!step.once || attempt === 1) throw new Error("the plan says so");
  }
}

/** The same without a promise, for stores whose statements are synchronous. */
function actAtOnce(shelf: Shelf, tx: unknown, n: number, job: Job, attempt: number): void {
  for (const [index, step] of job.steps.entries()) {
    if (step.kind === "take") {
      const item = `${job.run}/${step.item}`;
      const seen = Number(shelf.read(tx, item));
      void shelf.write(tx, item, seen + 1);
      void shelf.note(tx, `${n} ${index} took ${item} ${seen}`);
    }
    if (step.kind === "note") void shelf.note(tx, `${n} ${index}`);
    if (step.kind === "send") {
      shelf.send(tx, { text: `${n} ${index} first` });
      shelf.send(tx, { text: `${n} ${index} second` });
    }
    if (step.kind === "send failing") shelf.sendFailing(tx);
    if (step.kind === "throw" && (!step.once || attempt === 1)) throw new Error("the plan says so");
  }
}

/** The notes that a delivery leaves if it succeeds, without the counts that it has seen. */
function notesOf(n: number, { steps: list, run }: Job): readonly string[] {
  return list.flatMap((step, index) => {
    if (step.kind === "take") return [`${n} ${index} took ${run}/${step.item}`];
    if (step.kind === "send") return [`${n} ${index} first`, `${n} ${index} second`];
    return step.kind === "note" ? [`${n} ${index}`] : [];
  });
}

/**
 * Looks whether the rows are those of a serial history: of each delivery that is done all notes
 * once, of any other none; and of each item every count was seen by one taker, from 0 on.
 */
function checkSerial(
  jobs: ReadonlyMap<number, Job>,
  done: ReadonlySet<number>,
  { items, notes }: Awaited<ReturnType<Shelf["seen"]>>,
): void {
  const expected = [...jobs].flatMap(([n, job]) => (done.has(n) ? notesOf(n, job) : []));
  const found = notes.map((text) => text.replace(/( took \S+) \d+$/, "$1"));
  assert.deepEqual([...found].sort(), [...expected].sort(), "each success once, and nothing else");
  const seen = new Map<string, number[]>();
  for (const text of notes) {
    const taken = /took (\S+) (\d+)$/.exec(text);
    if (taken?.[1] !== undefined)
      seen.set(taken[1], [...(seen.get(taken[1]) ?? []), Number(taken[2])]);
  }
  for (const [item, counts] of seen) {
    const serial = counts.map((_, position) => position);
    assert.deepEqual(
      counts.sort((a, b) => a - b),
      serial,
      `counts seen of ${item}`,
    );
    assert.equal(items[item], counts.length, `the count of ${item}`);
  }
}

/** Which deliveries are done, as the inbox says. */
async function doneOf(
  app: App<unknown, EventContract>,
  sagas: ReadonlySet<string>,
  numbers: ReadonlyMap<string, number>,
): Promise<ReadonlySet<number>> {
  const done = new Set<number>();
  for (const saga of sagas)
    for (const { id, disposition } of await app.inspect.journal(saga)) {
      const n = numbers.get(id);
      if (n !== undefined && disposition === "done") done.add(n);
    }
  return done;
}

/**
 * Rows and inbox as they are at one moment: on a starved machine the bus may deliver an event again
 * that the database has refused, also after all others are through.
 */
async function atOneMoment(shelf: Shelf, readDone: () => Promise<ReadonlySet<number>>) {
  for (let before = await readDone(); ; ) {
    const seen = await shelf.seen();
    const done = await readDone();
    if (done.size === before.size && done.isSubsetOf(before)) return { ...seen, done };
    before = done;
  }
}

/** A property of every store: two processes with random handlers leave a serial history. */
export function serialProperty({ describe, it }: Runner, kind: ShelfKind, numRuns: number): void {
  describe(`serial histories on ${kind.name}`, () => {
    it("random handlers, failures and duplicates, in two processes", async () => {
      await using shelf = await kind.make({ sessionOptions: "-c deadlock_timeout=20" });
      const jobs = new Map<number, Job>();
      let run = 0;
      const played = service<unknown>("shelf").on(asked, {
        name: "take",
        readonly: true,
        handle({ data: { n } }, { tx, attempt }) {
          const job = jobs.get(n);
          if (job === undefined) throw new Error(`Missing plan ${n}.`);
          if (job.sync && kind.name !== "postgres") actAtOnce(shelf, tx, n, job, attempt);
          else return act(shelf, tx, n, job, attempt);
        },
      });
      // Handlers that lock rows in any order meet each other more than once.
      const attempts = kind.name === "postgres" ? 30 : 3;
      const retry = { attempts, firstMs: 1, longestMs: 4 };
      await using one = await open(shelf, played, { retry });
      await using two = await open(shelf, played, { retry });
      const property = async (given: readonly Plan[]) => {
        run++;
        await shelf.stock(
          Object.fromEntries(Array.from({ length: ITEMS }, (_, item) => [`${run}/${item}`, 0])),
        );
        const heard: [EventEnvelope[], EventEnvelope[]] = [[], []];
        const mine = new Map<number, Job>();
        const numbers = new Map<string, number>();
        for (const plan of given) {
          const n = jobs.size;
          const job = { ...plan, run };
          jobs.set(n, job);
          mine.set(n, job);
          const event = envelope(asked, `run ${run} saga ${plan.saga}`, { n });
          numbers.set(event.id, n);
          heard[plan.process].push(event);
          if (plan.twice) heard[1 - plan.process === 0 ? 0 : 1].push(event);
        }
        await Promise.all([one.hear(...heard[0]), two.hear(...heard[1])]);
        const retrying = async () => (await one.app.inspect.counts()).deferred.retrying ?? 0;
        await eventually("nothing is retried", retrying, 0);
        const isMine = (text: string) => mine.has(Number(text.split(" ")[0]));
        const sagas = new Set(given.map(({ saga }) => `run ${run} saga ${saga}`));
        const { done, items, notes } = await atOneMoment(shelf, () =>
          doneOf(one.app, sagas, numbers),
        );
        checkSerial(mine, done, { items, notes: notes.filter(isMine) });
      };
      const plansOfRun = fc.array(plans, { minLength: 1, maxLength: 25 });
      await fc.assert(fc.asyncProperty(plansOfRun, property), { numRuns, endOnFailure: true });
    });
  });
}
