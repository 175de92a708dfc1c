import { signal } from "@preact/signals";

export const SCREENS = ["map", "sagas", "parked", "services", "proof", "events", "dev"] as const;
export type Screen = (typeof SCREENS)[number];

/** Where the person is. All of it is in the address, so a link shows the same to another one. */
export interface Route {
  readonly screen: Screen;
  /** What is opened on the screen: a saga, a service, an event. */
  readonly open: string | undefined;
  /** Filters and views. */
  readonly query: Query;
  /** The address of the list from which a saga was opened. */
  readonly list: string | undefined;
}

export type Query = Readonly<Record<string, string | undefined>>;

/** The state of a step of the history is the list, so that Back and a reload know it too. */
function routeOf(search: string, state: unknown): Route {
  const { screen: name, open, ...query } = Object.fromEntries(new URLSearchParams(search));
  const screen = SCREENS.find((one) => one === name) ?? "map";
  const list = typeof state === "string" && state.startsWith("?") ? state : undefined;
  return { screen, open: open === "" ? undefined : open, query, list };
}

/** The list that a place leads back to, which is shown after another one. */
function listOf(next: Route, before: Route): string | undefined {
  if (next.screen !== "sagas" || next.open === undefined || before.screen !== "sagas")
    return undefined;
  if (before.open === next.open) return before.list;
  return before.open === undefined ? hrefOf("sagas", undefined, before.query) : undefined;
}

/** `?screen=sagas&open=o-1&view=causes`: relative, as the page may be mounted below any path. */
export function hrefOf(screen: Screen, open?: string, query: Query = {}): string {
  const search = new URLSearchParams({ screen });
  for (const [name, value] of Object.entries({ open, ...query }))
    if (value !== undefined && value !== "") search.set(name, value);
  return `?${search}`;
}

export const route = signal(routeOf(location.search, history.state));

/** The saga that was left for a list of sagas: there it has the focus. */
export const left = signal<string | undefined>(undefined);

function arrive(): void {
  const before = route.peek();
  const next = routeOf(location.search, history.state);
  const isList = next.screen === "sagas" && next.open === undefined;
  left.value = isList && before.screen === "sagas" ? before.open : undefined;
  route.value = next;
}

/** Shows another place; the one before is a step back. */
export function go(href: string): void {
  const list = listOf(routeOf(href, undefined), route.peek());
  history.pushState(list ?? null, "", href);
  arrive();
}

/** Changes filters of the screen that is shown: each keystroke would else be a step back. */
export function refine(changes: Query): void {
  const { screen, open, query } = route.peek();
  history.replaceState(history.state, "", hrefOf(screen, open, { ...query, ...changes }));
  route.value = routeOf(location.search, history.state);
}

/** Follows links within the page, and leaves the others to the browser. */
export function followLinks(): void {
  addEventListener("popstate", arrive);
  document.addEventListener("click", (event) => {
    const { target, button, ctrlKey, metaKey, shiftKey, altKey } = event;
    if (button !== 0 || ctrlKey || metaKey || shiftKey || altKey || event.defaultPrevented) return;
    const link = target instanceof Element ? target.closest("a") : null;
    const href = link?.getAttribute("href") ?? "";
    if (!href.startsWith("?")) return;
    event.preventDefault();
    go(href);
  });
}
