import { adopt } from "../contract/adopt.ts";
import type { OdoriError } from "../contract/errors.ts";

/** What is told of what a store does. */
export interface StoreWatch {
  /** A call, which counts until it settles. Returns it. */
  call<T>(call: Promise<T>): Promise<T>;
  /** A statement that came after its handler had returned. */
  stray(error: OdoriError): void;
}

/**
 * Returns the object with each call that it makes counted until it settles; also the calls of the
 * objects that it has, such as `inspect` of a store.
 */
export function watchCalls<T extends object>(target: T, watch: Pick<StoreWatch, "call">): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value === "object" && value !== null) return watchCalls(value, watch);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        const returned: unknown = adopt(Reflect.apply(value, object, given));
        return returned instanceof Promise ? watch.call(returned) : returned;
      };
    },
  });
}
