import type { MessageHead } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote, stemOf } from "../contract/grammar.ts";

/** Says which sources may emit an event. An event that is not listed may come from any. */
export class Owners {
  readonly #sources = new Map<string, Set<string>>();

  /** Throws `OPTION_INVALID`. A key may have a version, which counts for nothing. */
  constructor(owners: ReadonlyMap<string, readonly string[]>) {
    for (const [type, sources] of owners) {
      if (!Array.isArray(sources) || sources.some((source) => typeof source !== "string"))
        throw new OdoriError("OPTION_INVALID", `owners of ${quote(type)} are no list of sources.`, {
          hint: 'Write sources as in the events: ["/payment"].',
        });
      const known = this.#sources.get(stemOf(type)) ?? new Set();
      this.#sources.set(stemOf(type), known);
      for (const source of sources) known.add(source);
    }
  }

  /** The error of an event whose source may not emit it: `SOURCE_UNKNOWN`. */
  refusal({ type, source }: Pick<MessageHead, "type" | "source">): OdoriError | undefined {
    if (this.#sources.size === 0) return undefined;
    const known = this.#sources.get(stemOf(type));
    if (known === undefined || known.has(source)) return undefined;
    return new OdoriError(
      "SOURCE_UNKNOWN",
      `${type} comes from ${quote(source)}, and may come from ${[...known].join(", ")}.`,
      {
        hint: "If the source is an owner, give start() the new owners and retry; else discard it.",
      },
    );
  }
}
