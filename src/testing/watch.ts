import { adopt } from "../contract/adopt.ts";
import type { Activity } from "./activity.ts";

/**
 * Returns the object with each call that it makes counted until it settles; also the calls of the
 * objects that it has, such as `inspect` of a store.
 */
export function watchCalls<T extends object>(target: T, activity: Activity): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value === "object" && value !== null) return watchCalls(value, activity);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        const returned: unknown = adopt(Reflect.apply(value, object, given));
        return returned instanceof Promise ? activity.call(returned) : returned;
      };
    },
  });
}
