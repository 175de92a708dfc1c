import { effect, signal } from "@preact/signals";
import type { Job, Live } from "../../src/console/wire.ts";
import { API } from "./api.ts";

/** What the stream has said so far, put together. */
export const live = signal<Partial<Live>>({});
/** Whether the stream is open; while it is not, what is shown grows old. */
export const connected = signal(false);
/** When the last message came, on the browser's clock. */
export const heardAt = signal<number | undefined>(undefined);
/** Changes when what is listed has changed; of a hidden page, once it is seen again. */
const changes = signal<number | undefined>(undefined);

const seen = signal(!document.hidden);
document.addEventListener("visibilitychange", () => {
  seen.value = !document.hidden;
});
effect(() => {
  if (seen.value) changes.value = live.value.change;
});

/** Calls at each change from now on. Returns what ends it. */
export function onChange(call: () => void): () => void {
  const before = changes.peek();
  return changes.subscribe((change) => {
    if (change !== before) call();
  });
}

const WAIT_LEAST_MS = 1_000;
const WAIT_MOST_MS = 15_000;

/** A field takes the place of the former one, but for `nodes` and `edges`: there each entry does. */
function merged(before: Partial<Live>, delta: Partial<Live>): Partial<Live> {
  return {
    ...before,
    ...delta,
    nodes: { ...before.nodes, ...delta.nodes },
    edges: { ...before.edges, ...delta.edges },
  };
}

/** Follows the stream for as long as the page is open. */
export function follow(wait = WAIT_LEAST_MS): void {
  const stream = new EventSource(`${API}live`);
  let first = true;
  stream.onopen = () => {
    first = true;
    connected.value = true;
  };
  stream.onmessage = ({ data }) => {
    const delta: Live = JSON.parse(data);
    // The first of a stream has all fields: what an earlier one said may be gone by now.
    live.value = merged(first ? {} : live.peek(), delta);
    heardAt.value = Date.now();
    first = false;
  };
  stream.onerror = () => {
    const had = connected.peek();
    connected.value = false;
    if (stream.readyState !== EventSource.CLOSED) return;
    // The browser tries again by itself only where the connection broke.
    stream.close();
    setTimeout(() => follow(had ? WAIT_LEAST_MS : Math.min(wait * 2, WAIT_MOST_MS)), wait);
  };
}

/** Shows a job that was just started, before the stream tells of it. */
export function noteJob(job: Job): void {
  const { jobs = [] } = live.peek();
  live.value = { ...live.peek(), jobs: [...jobs.filter(({ id }) => id !== job.id), job] };
}
