import type { ReadonlySignal } from "@preact/signals";
import { useCallback, useEffect, useMemo, useRef } from "preact/hooks";
import { changes, onChange } from "./live.ts";
import { type Answer, Resource } from "./resource.ts";

/** An answer, and how to ask again. */
export interface Asked<T> extends Answer<T> {
  readonly reload: () => void;
}

/**
 * Asks when `key` changes, and each time `changing` does; and again after a failure. `key` names
 * everything else that `ask` depends on.
 */
export function useResource<T>(
  key: string,
  ask: (signal: AbortSignal) => Promise<T>,
  changing: ReadonlySignal<unknown> | "once" = changes,
): Asked<T> {
  const latest = useRef(ask);
  latest.current = ask;
  const resource = useMemo(() => new Resource(key, (signal) => latest.current(signal)), [key]);
  useEffect(() => {
    resource.load();
    return () => resource.stop();
  }, [resource]);
  useEffect(
    () => (changing === "once" ? undefined : onChange(changing, () => resource.renew())),
    [resource, changing],
  );
  const reload = useCallback(() => void resource.load(), [resource]);
  const answer = resource.answer.value;
  useAgain(answer, reload);
  return { ...answer, reload };
}

const AGAIN_MS = 5_000;
/** From here on, the server is to blame. */
const SERVER_FAULTS = 500;

/** Asks again after a failure that may have passed. */
export function useAgain(
  { problem, asking }: Pick<Answer<unknown>, "problem" | "asking">,
  reload: () => void,
): void {
  const passes = problem !== undefined && (problem.status ?? SERVER_FAULTS) >= SERVER_FAULTS;
  useEffect(() => {
    if (!passes || asking) return;
    const again = setTimeout(reload, AGAIN_MS);
    return () => clearTimeout(again);
  }, [passes, asking, reload]);
}
