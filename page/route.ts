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
}

export type Query = Readonly<Record<string, string | undefined>>;

function routeOf(search: string): Route {
  const { screen: name, open, ...query } = Object.fromEntries(new URLSearchParams(search));
  const screen = SCREENS.find((one) => one === name) ?? "map";
  return { screen, open: open === "" ? undefined : open, query };
}

/** `?screen=sagas&open=o-1&view=causes`: relative, as the page may be mounted below any path. */
export function hrefOf(screen: Screen, open?: string, query: Query = {}): string {
  const search = new URLSearchParams({ screen });
  for (const [name, value] of Object.entries({ open, ...query }))
    if (value !== undefined && value !== "") search.set(name, value);
  return `?${search}`;
}

export const route = signal(routeOf(location.search));

/** Shows another place; the one before is a step back. */
export function go(href: string): void {
  history.pushState(null, "", href);
  route.value = routeOf(location.search);
}

/** Changes filters of the screen that is shown: each keystroke would else be a step back. */
export function refine(changes: Query): void {
  const { screen, open, query } = route.peek();
  history.replaceState(null, "", hrefOf(screen, open, { ...query, ...changes }));
  route.value = routeOf(location.search);
}

/** Follows links within the page, and leaves the others to the browser. */
export function followLinks(): void {
  addEventListener("popstate", () => {
    route.value = routeOf(location.search);
  });
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
