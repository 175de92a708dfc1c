import { useEffect, useMemo, useRef } from "preact/hooks";
import { changes } from "./live.ts";
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
  useEffect(() => (live ? changes.subscribe(() => later(resource)) : undefined), [resource, live]);
  return { ...resource.answer.value, reload: () => void resource.load() };
}

/** A slow answer is waited for: asking again at each change would never let it arrive. */
function later<T>(resource: Resource<T>): void {
  const { asking, at } = resource.answer.peek();
  if (!asking && at !== undefined && !document.hidden) resource.load();
}
