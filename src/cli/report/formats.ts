import { InvalidArgumentError } from "commander";

const FORMATS = ["text", "json", "github", "sarif", "markdown"] as const;

/** A form of the report, and the file to write it to. */
export interface Output {
  readonly format: (typeof FORMATS)[number];
  /** Undefined for standard output. */
  readonly file: string | undefined;
}

/** Parses `sarif` or `sarif=odori.sarif`. Throws `InvalidArgumentError`. */
export function parseOutput(text: string): Output {
  const [name, ...rest] = text.split("=");
  const format = FORMATS.find((known) => known === name);
  const file = rest.length === 0 ? undefined : rest.join("=");
  if (format === undefined || file === "")
    throw new InvalidArgumentError(
      `Choose from ${FORMATS.join(", ")}; a file may follow: sarif=f.`,
    );
  return { format, file };
}
