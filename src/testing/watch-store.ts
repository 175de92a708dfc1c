import type { Store } from "../ports/store.ts";
import type {
  DetachedTransaction,
  HandlerScope,
  StoreTransaction,
  Together,
} from "../ports/transaction.ts";
import { type StoreWatch, watchCalls } from "./watch.ts";

/**
 * The same store, each of whose calls is counted until it settles. A handler that is taken out of
 * its commit group has a transaction of its own, past the store: its commit is counted as well.
 *
 * It takes no report about the bus. The runtime reports every two seconds, so a virtual day would
 * have 43,200 reports, of a bus that cannot be lost and for observers that do not exist.
 */
export function watchStore<Native>(store: Store<Native>, watch: StoreWatch): Store<Native> {
  return new Proxy(watchCalls(store, watch), {
    get(watched, key) {
      if (key === "putBacklog" || key === "putBusFault") return undefined;
      if (key === "detached") return () => watchOwn(store.detached(), watch);
      if (key !== "transaction") return Reflect.get(watched, key, watched);
      return <T>(work: (tx: StoreTransaction<Native>) => Promise<T>) =>
        watch.call(store.transaction((tx) => work(watchScopes(tx, watch))));
    },
  });
}

/*
 * The objects below are changed, and not wrapped: the runtime compares scopes, and a store takes
 * its own objects back.
 */

function watchScopes<Native>(
  tx: StoreTransaction<Native>,
  watch: StoreWatch,
): StoreTransaction<Native> {
  const scope = tx.scope.bind(tx);
  tx.scope = (options) => watchScope(scope(options), watch);
  const together = tx.together?.bind(tx);
  if (together !== undefined) tx.together = () => watchTogether(together(), watch);
  return tx;
}

function watchTogether<Native>(group: Together<Native>, watch: StoreWatch): Together<Native> {
  const scope = group.scope.bind(group);
  group.scope = () => watchScope(scope(), watch);
  return group;
}

function watchScope<Native>(scope: HandlerScope<Native>, watch: StoreWatch): HandlerScope<Native> {
  const detach = scope.detach.bind(scope);
  scope.detach = () => watchOwn(detach(), watch);
  watchStrays(scope, watch);
  return scope;
}

/** The runtime reports a stray statement to the log alone: its delivery may be done by then. */
function watchStrays<Native>(
  scope: Pick<HandlerScope<Native>, "returned">,
  watch: StoreWatch,
): void {
  const returned = scope.returned.bind(scope);
  scope.returned = (report) =>
    returned((error) => {
      watch.stray(error);
      report(error);
    });
}

function watchOwn<Native>(
  tx: DetachedTransaction<Native>,
  watch: StoreWatch,
): DetachedTransaction<Native> {
  const complete = tx.complete.bind(tx);
  const abandon = tx.abandon.bind(tx);
  watchStrays(tx, watch);
  tx.complete = (work) => watch.call(complete(work));
  tx.abandon = () => watch.call(abandon());
  return tx;
}
