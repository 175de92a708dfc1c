import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";

/** Describes one mistake in a document. */
export interface Mistake {
  /** Keys and indexes from the root of the document. */
  readonly path: readonly (string | number)[];
  /** What was found, and what was expected. */
  readonly message: string;
  /** Place in the text, counted from 1; undefined for a document without text. */
  readonly line?: number;
  readonly column?: number;
}

const SHOWN_MAX = 10;

/**
 * Reports a document that is not a manifest, with the place of each mistake.
 *
 * @example
 * ```ts
 * import { ManifestError, readManifest } from "odori/manifest";
 *
 * try {
 *   readManifest("{}", "order.json");
 * } catch (error) {
 *   if (error instanceof ManifestError) console.error(error.mistakes);
 * }
 * ```
 */
export class ManifestError extends OdoriError {
  override readonly name = "ManifestError";
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[], cause?: unknown) {
    const shown = mistakes.slice(0, SHOWN_MAX).map((mistake) => `\n  ${describe(file, mistake)}`);
    const rest = mistakes.length - shown.length;
    const more = rest > 0 ? `\n  and ${rest} more` : "";
    super("MANIFEST_INVALID", `${quote(file)} is not a valid manifest:${shown.join("")}${more}`, {
      ...(cause === undefined ? {} : { cause }),
    });
    this.mistakes = mistakes;
  }
}

function describe(file: string, { path, message, line, column }: Mistake): string {
  const place = line === undefined ? "" : `${quote(file).slice(1, -1)}:${line}:${column}: `;
  const where = path.length === 0 ? "" : `${pathText(path)}: `;
  return `${place}${where}${message}`;
}

/** Formats a path: `services.payment.reactions[0].emits`. */
function pathText(path: readonly (string | number)[]): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (/^[A-Za-z_][\w-]*$/.test(step)) return index === 0 ? step : `.${step}`;
      return `[${quote(step)}]`;
    })
    .join("");
}
