import { OdoriModule } from "odori/nestjs";
import { describe, expect, it } from "vitest";

describe("the Nest module", () => {
  it("waits for every service, although one cannot stop", async () => {
    const stopped: string[] = [];
    const apps = {
      order: { stop: () => Promise.reject(new Error("the bus hangs")) },
      payment: { stop: async () => void stopped.push("payment") },
      shipping: {
        stop: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          stopped.push("shipping");
        },
      },
    };
    const [running] = OdoriModule.forRoot(async () => apps).providers;
    if (running === undefined || "inject" in running) throw new Error("there is a provider");
    const made = await running.useFactory();
    if (!("onApplicationShutdown" in made)) throw new Error("it is told of the end");
    await expect(made.onApplicationShutdown()).rejects.toThrow("the bus hangs");
    expect(stopped).toEqual(["payment", "shipping"]);
  });
});
