import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Job, Live } from "../../src/console/wire.ts";
import { API } from "./api.ts";

/** What the stream has said so far, put together. */
export const live = signal<Partial<Live>>({});
/** Whether the stream is open; while it is not, what is shown grows old. */
export const connected = signal(false);
/** When the last message came, on the browser's clock. */
export const heardAt = signal<number | undefined>(undefined);
/** Changes when what is listed has changed; of a hidden page, once it is seen again. */
export const changes = signal<number | undefined>(undefined);
/** Changes when the choreography has. */
export const declared = signal<string | undefined>(undefined);

const seen = signal(!document.hidden);
document.addEventListener("visibilitychange", () => {
  seen.value = !document.hidden;
});
effect(() => {
  if (!seen.value) return;
  changes.value = live.value.change;
  declared.value = live.value.choreography;
});

/** Calls at each change of a signal from now on. Returns what ends it. */
export function onChange(changing: ReadonlySignal<unknown>, call: () => void): () => void {
  let before = changing.peek();
  return changing.subscribe((now) => {
    if (now !== before) call();
    before = now;
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

/**
 * Follows the stream while the page is seen: a browser has six connections to a host, for all of
 * its tabs together.
 *
 * @param meet called when the stream opens, and when it is refused: the console may be another one
 */
export function follow(meet: () => void): void {
  effect(() => (seen.value ? connect(meet) : undefined));
}

/** Keeps a stream open. Returns what ends it. */
function connect(meet: () => void): () => void {
  let stream: EventSource;
  let again: ReturnType<typeof setTimeout> | undefined;
  let wait = WAIT_LEAST_MS;
  let first = true;
  const open = () => {
    stream = new EventSource(`${API}live`);
    stream.onopen = () => {
      first = true;
      wait = WAIT_LEAST_MS;
      connected.value = true;
      meet();
    };
    stream.onmessage = ({ data }) => {
      const delta: Live = JSON.parse(data);
      // The first of a stream has all fields: what an earlier one said may be gone by now.
      live.value = merged(first ? {} : live.peek(), delta);
      heardAt.value = Date.now();
      first = false;
    };
    stream.onerror = () => {
      connected.value = false;
      // The browser tries again by itself only where the connection broke.
      if (stream.readyState !== EventSource.CLOSED) return;
      meet();
      again = setTimeout(open, wait);
      wait = Math.min(wait * 2, WAIT_MOST_MS);
    };
  };
  open();
  return () => {
    connected.value = false;
    clearTimeout(again);
    stream.close();
  };
}

/** Shows a job that was just started, before the stream tells of it. */
export function noteJob(job: Job): void {
  const { jobs = [] } = live.peek();
  live.value = { ...live.peek(), jobs: [...jobs.filter(({ id }) => id !== job.id), job] };
}
