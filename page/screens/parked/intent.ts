import type { Chosen, Job, PreviewReply, Unheard } from "../../../src/console/wire.ts";
import { api } from "../../net/api.ts";

/** What a person is about to do, and with what. */
export type Intent =
  | { readonly action: "retry" | "discard"; readonly chosen: Chosen; readonly count: number }
  | { readonly action: "republish"; readonly chosen: Unheard; readonly count: number };

/** How it is to be done: each action takes what it needs. */
export interface Manner {
  readonly perSecond: number;
  readonly ramp: boolean;
  readonly reason: string;
}

/** Asks what would follow. */
export function previewOf({ action, chosen }: Intent): Promise<PreviewReply> {
  return action === "republish" ? api.previewRepublish(chosen) : api.preview({ action, ...chosen });
}

/** Begins it, as a job. */
export function beginIntent(intent: Intent, { perSecond, ramp, reason }: Manner): Promise<Job> {
  const { action, chosen } = intent;
  if (action === "republish") return api.republish({ ...chosen, perSecond, ramp });
  if (action === "discard") return api.discard({ ...chosen, reason });
  return api.retry({ ...chosen, perSecond, ramp });
}
