import { expect, it, onTestFinished, vi } from "vitest";
import { JobList } from "../../src/console/job-list.ts";
import { ConsoleRefusal } from "../../src/console/refusal.ts";
import { eventually } from "../support/eventually.ts";

const ids = Array.from({ length: 200 }, (_, n) => `payment/${n}`);

/** A job at its end. `parks` says which of those that were acted on are parked again. */
async function ended(act: (id: string) => Promise<void>, parks: (id: string) => boolean) {
  const jobs = new JobList();
  const parkedAgain = (acted: readonly string[]) => acted.filter(parks).length;
  const work = { action: "retry", perSecond: 1_000, ramp: false, ids, act, parkedAgain } as const;
  const { id } = jobs.begin(work);
  await eventually("the job ends", () => jobs.find(id)?.state !== "running");
  return jobs.find(id);
}

it("stops once most of what it has retried is parked again", async () => {
  const job = await ended(
    async () => {},
    () => true,
  );
  expect(job).toMatchObject({ state: "stopped", stop: "in vain", done: 20, parkedAgain: 20 });
});

it("remembers a job that runs, however many have ended since", async () => {
  const jobs = new JobList();
  const more = { action: "retry", perSecond: 1_000, ramp: false, parkedAgain: () => 0 } as const;
  let go: () => void = () => {};
  const act = () => new Promise<void>((resolve) => (go = resolve));
  const { id } = jobs.begin({ ...more, ids: ["payment/0"], act });
  for (let n = 1; n <= 120; n++) {
    const short = jobs.begin({ ...more, ids: [`payment/${n}`], act: async () => {} });
    await eventually("it ends", () => jobs.find(short.id)?.state === "done");
  }
  expect(jobs.find(id)?.state).toBe("running");
  expect(jobs.list()).toHaveLength(102);
  go();
  await eventually("it ends", () => jobs.find(id)?.state === "done");
});

it("keeps its pace when the clock of the machine is set back", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const jobs = new JobList();
  const pace = { action: "retry", perSecond: 10, ramp: true, parkedAgain: () => 0 } as const;
  const { id } = jobs.begin({ ...pace, ids, act: async () => {} });
  vi.setSystemTime(Date.now() - 7_200_000);
  expect(jobs.find(id)?.perSecond).toBeGreaterThanOrEqual(1);
  jobs.stop(id);
  await eventually("the job ends", () => jobs.find(id)?.state !== "running");
  expect(jobs.find(id)?.done).toBeLessThan(ids.length);
});

it("goes on while most are handled", async () => {
  const isThird = (id: string) => Number(id.slice("payment/".length)) % 3 === 0;
  const job = await ended(async () => {}, isThird);
  expect(job).toMatchObject({ state: "done", done: 200, parkedAgain: 67 });
});

it("goes on where a refusal is about single ones, such as that a payload is not kept", async () => {
  const isKept = (id: string) => Number(id.slice("payment/".length)) >= 150;
  const act = async (id: string) => {
    if (!isKept(id)) throw new ConsoleRefusal(409, "EVENT_NOT_KEPT", "It is gone.");
  };
  const job = await ended(act, () => false);
  expect(job).toMatchObject({ state: "done", done: 50, failed: 150 });
});

it("counts none as parked again that it could not retry", async () => {
  const away = () => Promise.reject(new Error("the store is away"));
  const job = await ended(away, () => true);
  expect(job).toMatchObject({ state: "stopped", stop: "failures", failed: 20, parkedAgain: 0 });
});
