import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";

/** Something in a document that is not as it should be. */
export interface Mistake {
  /** Names and indexes from the root of the document. */
  readonly path: readonly (string | number)[];
  /** What was found, and what was expected. */
  readonly message: string;
  /** Where it stands in its text, from 1; undefined for a document that has no text. */
  readonly line?: number;
  readonly column?: number;
}

const SHOWN_MAX = 10;

/** A document that is no manifest, with the place of each mistake. */
export class ManifestError extends OdoriError {
  override readonly name = "ManifestError";
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[], cause?: unknown) {
    const shown = mistakes.slice(0, SHOWN_MAX).map((mistake) => `\n  ${describe(file, mistake)}`);
    const rest = mistakes.length - shown.length;
    super(
      "MANIFEST_INVALID",
      `${quote(file)} is no usable manifest:${shown.join("")}${rest > 0 ? `\n  and ${rest} more` : ""}`,
      {
        ...(cause === undefined ? {} : { cause }),
      },
    );
    this.mistakes = mistakes;
  }
}

function describe(file: string, { path, message, line, column }: Mistake): string {
  const place = line === undefined ? "" : `${quote(file).slice(1, -1)}:${line}:${column}: `;
  const where = path.length === 0 ? "" : `${pathText(path)}: `;
  return `${place}${where}${message}`;
}

/** `services.payment.reactions[0].emits`. */
function pathText(path: readonly (string | number)[]): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (/^[A-Za-z_][\w-]*$/.test(step)) return index === 0 ? step : `.${step}`;
      return `[${quote(step)}]`;
    })
    .join("");
}
