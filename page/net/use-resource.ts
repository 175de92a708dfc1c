import { useCallback, useEffect, useMemo, useRef } from "preact/hooks";
import { onChange } from "./live.ts";
import { type Answer, Resource } from "./resource.ts";

/** An answer, and how to ask again. */
export interface Asked<T> extends Answer<T> {
  readonly reload: () => void;
}

/**
 * Asks when `key` changes, and each time the server says that something has changed. `key` names
 * everything that `ask` depends on.
 */
export function useResource<T>(
  key: string,
  ask: (signal: AbortSignal) => Promise<T>,
  live = true,
): Asked<T> {
  const latest = useRef(ask);
  latest.current = ask;
  const resource = useMemo(() => new Resource(key, (signal) => latest.current(signal)), [key]);
  useEffect(() => {
    resource.load();
    return () => resource.stop();
  }, [resource]);
  useEffect(() => (live ? onChange(() => resource.renew()) : undefined), [resource, live]);
  const reload = useCallback(() => void resource.load(), [resource]);
  return { ...resource.answer.value, reload };
}
