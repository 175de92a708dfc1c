import type { Store } from "../ports/store.ts";
import type {
  DetachedTransaction,
  HandlerScope,
  StoreTransaction,
  Together,
} from "../ports/transaction.ts";
import type { Activity } from "./activity.ts";
import { watchCalls } from "./watch.ts";

/**
 * The same store, each of whose calls is counted until it settles. A handler that is taken out of
 * its commit group has a transaction of its own, past the store: its commit is counted as well.
 *
 * It takes no report about the bus. The runtime reports every two seconds, so a virtual day would
 * have 43,200 reports, of a bus that cannot be lost and for observers that do not exist.
 */
export function watchStore<Native>(store: Store<Native>, activity: Activity): Store<Native> {
  return new Proxy(watchCalls(store, activity), {
    get(watched, key) {
      if (key === "putBacklog" || key === "putBusFault") return undefined;
      if (key === "detached") return () => watchOwn(store.detached(), activity);
      if (key !== "transaction") return Reflect.get(watched, key, watched);
      return <T>(work: (tx: StoreTransaction<Native>) => Promise<T>) =>
        activity.call(store.transaction((tx) => work(watchScopes(tx, activity))));
    },
  });
}

/*
 * The objects below are changed, and not wrapped: the runtime compares scopes, and a store takes
 * its own objects back.
 */

function watchScopes<Native>(
  tx: StoreTransaction<Native>,
  activity: Activity,
): StoreTransaction<Native> {
  const scope = tx.scope.bind(tx);
  tx.scope = (options) => watchScope(scope(options), activity);
  const together = tx.together?.bind(tx);
  if (together !== undefined) tx.together = () => watchTogether(together(), activity);
  return tx;
}

function watchTogether<Native>(group: Together<Native>, activity: Activity): Together<Native> {
  const scope = group.scope.bind(group);
  group.scope = () => watchScope(scope(), activity);
  return group;
}

function watchScope<Native>(scope: HandlerScope<Native>, activity: Activity): HandlerScope<Native> {
  const detach = scope.detach.bind(scope);
  scope.detach = () => watchOwn(detach(), activity);
  watchStrays(scope, activity);
  return scope;
}

/** The runtime reports a stray statement to the log alone: its delivery may be done by then. */
function watchStrays<Native>(
  scope: Pick<HandlerScope<Native>, "returned">,
  activity: Activity,
): void {
  const returned = scope.returned.bind(scope);
  scope.returned = (report) =>
    returned((error) => {
      activity.stray(error);
      report(error);
    });
}

function watchOwn<Native>(
  tx: DetachedTransaction<Native>,
  activity: Activity,
): DetachedTransaction<Native> {
  const complete = tx.complete.bind(tx);
  const abandon = tx.abandon.bind(tx);
  watchStrays(tx, activity);
  tx.complete = (work) => activity.call(complete(work));
  tx.abandon = () => activity.call(abandon());
  return tx;
}
