import { Mutex } from "odori/adapter";
import { describe, expect, it } from "vitest";

describe("a mutex", () => {
  it("begins a task within the call where none runs, others in the order of calls", async () => {
    const mutex = new Mutex();
    const begun: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = mutex.run(async () => {
      begun.push("first");
      await gate.promise;
    });
    expect(begun).toEqual(["first"]);
    const others = ["second", "third"].map((name) => mutex.run(() => begun.push(name)));
    expect(begun).toEqual(["first"]);
    expect(mutex.busy).toBe(true);
    gate.resolve();
    expect(await Promise.all([first, ...others])).toEqual([undefined, 2, 3]);
    expect(begun).toEqual(["first", "second", "third"]);
    expect(mutex.busy).toBe(false);
  });

  it("goes on behind tasks that throw and reject", async () => {
    const mutex = new Mutex();
    const thrown = mutex.run(() => {
      throw new Error("at once");
    });
    expect(mutex.busy).toBe(false);
    const rejected = mutex.run(() => Promise.reject(new Error("later")));
    const last = mutex.run(() => "the last");
    await expect(thrown).rejects.toThrow("at once");
    await expect(rejected).rejects.toThrow("later");
    expect(await last).toBe("the last");
  });

  it("is taken at once or not at all, and goes from one task to the next", async () => {
    const mutex = new Mutex();
    const release = mutex.tryAcquire();
    expect(mutex.tryAcquire()).toBeUndefined();
    const next = mutex.run(() => mutex.tryAcquire());
    release?.();
    expect(mutex.tryAcquire()).toBeUndefined();
    expect(await next).toBeUndefined();
    expect(mutex.tryAcquire()).toBeTypeOf("function");
  });
});
