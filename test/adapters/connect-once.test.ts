import { describe, expect, it } from "vitest";
import { connectOnce } from "../../src/adapter/connect-once.ts";

/** A bus whose connections end when a test says so. */
function stage() {
  const ends: PromiseWithResolvers<void>[] = [];
  const closed: number[] = [];
  const connection = connectOnce({
    place: "here",
    open: async () => {
      ends.push(Promise.withResolvers());
      return { n: ends.length - 1 };
    },
    close: async ({ n }) => void closed.push(n),
    ended: ({ n }) => ends[n]?.promise ?? Promise.resolve(),
    explain: (error) => error,
    replyMs: 1,
  });
  const used = () => connection.use(async ({ n }) => n);
  const end = async (n: number) => {
    ends[n]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { connection, closed, used, end };
}

describe("a connection that has ended by itself", () => {
  it("is replaced with the next use, and not closed", async () => {
    const { closed, used, end } = stage();
    expect([await used(), await used()]).toEqual([0, 0]);
    await end(0);
    expect([await used(), await used()]).toEqual([1, 1]);
    expect(closed).toEqual([]);
  });

  it("is not the one that has replaced it before", async () => {
    const { connection, closed, used, end } = stage();
    await expect(connection.use(() => new Promise(() => {}))).rejects.toMatchObject({
      code: "BUS_UNAVAILABLE",
    });
    expect(await used()).toBe(1);
    await end(0);
    expect(await used()).toBe(1);
    expect(closed).toEqual([0]);
  });

  it("opens no other once the bus is closed", async () => {
    const { connection, used, end } = stage();
    await used();
    await connection.close();
    await end(0);
    await expect(used()).rejects.toMatchObject({ code: "BUS_CLOSED" });
  });
});
