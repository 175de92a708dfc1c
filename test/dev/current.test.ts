import { describe, expect, it } from "vitest";
import type { SagaToBegin, ServicesControl } from "../../src/dev/control.ts";
import { CurrentControl } from "../../src/dev/current.ts";
import { RemoteControl } from "../../src/dev/remote.ts";

/** Services that note what they are asked to begin. */
function services(asked: SagaToBegin[]): ServicesControl {
  return {
    forms: async () => [],
    places: async () => [],
    begin: async (request) => {
      asked.push(request);
      return { sagaId: request.sagaId ?? "", begun: asked.length === 1 };
    },
    fault: async () => [],
    faults: async () => [],
    clear: async () => [],
    sagas: async () => [],
  };
}

/** Services that hear a beginning, and whose process dies before the reply. */
function dying(asked: SagaToBegin[]) {
  const remote = new RemoteControl(
    (json) => {
      asked.push(JSON.parse(json).parameter);
      queueMicrotask(() => remote.ended());
    },
    () => {},
  );
  return remote;
}

describe("the control of the services that run now", () => {
  it("takes a call that met the end of a process to the next one, as the same saga", async () => {
    const control = new CurrentControl();
    const asked: SagaToBegin[] = [];
    control.use(dying(asked));
    const begun = control.begin({ payload: { n: 1 } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(1);
    control.use(services(asked));
    const [{ sagaId } = { sagaId: undefined }] = asked;
    expect(sagaId).toEqual(expect.any(String));
    expect(await begun).toEqual({ sagaId, begun: true });
    expect(asked[1]?.sagaId).toBe(sagaId);
    expect(control.begun).toEqual({ count: 1, last: [{ sagaId, begun: true }] });
  });

  it("waits for services that start, and refuses where they do not start again", async () => {
    const control = new CurrentControl();
    const early = control.faults();
    control.use(services([]));
    expect(await early).toEqual([]);
    const failure = { code: "MODULE_UNREADABLE", message: "It is not TypeScript." };
    control.fail(failure);
    expect(control.failure).toEqual(failure);
    await expect(control.faults()).rejects.toMatchObject({ code: "STOPPED" });
    control.use(services([]));
    expect(control.failure).toBeUndefined();
    expect(await control.faults()).toEqual([]);
  });

  it("gives up a call that ends each process", async () => {
    const control = new CurrentControl();
    const asked: SagaToBegin[] = [];
    control.use(dying(asked));
    let over = false;
    const begun = control.begin({ payload: {} }).finally(() => (over = true));
    const refused = expect(begun).rejects.toMatchObject({ code: "STOPPED" });
    for (let n = 0; !over && n < 20; n++) {
      await new Promise((resolve) => setImmediate(resolve));
      control.use(dying(asked));
    }
    await refused;
    expect(asked.length).toBeLessThan(10);
    expect(control.begun.count).toBe(0);
  });
});
