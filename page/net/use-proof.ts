import { useEffect } from "preact/hooks";
import type { ProofReply } from "../../src/console/wire.ts";
import { api } from "./api.ts";
import { changes } from "./live.ts";
import { type Asked, useResource } from "./use-resource.ts";

const AGAIN_MS = 1_000;

const NONE: ProofReply = { state: "none" };

/** Asks for the proof, which begins with the first question, until it is done; or for none. */
export function useProof(wanted: boolean): Asked<ProofReply> {
  const ask = async (signal: AbortSignal) => (wanted ? api.proof(signal) : NONE);
  const asked = useResource(`proof ${wanted}`, ask, wanted ? changes : "once");
  const { value, asking, reload } = asked;
  const running = value?.state === "running";
  useEffect(() => {
    if (!running || asking) return;
    // From one answer to the next question: an answer may take longer than the pause.
    const again = setTimeout(reload, AGAIN_MS);
    return () => clearTimeout(again);
  }, [running, asking, reload]);
  return asked;
}
