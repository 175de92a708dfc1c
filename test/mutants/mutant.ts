/** One change of the source that breaks the runtime or an adapter, and what has to notice it. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly put: string }[];
  /** The suite that catches it, and a test of it that has to fail. */
  readonly suite:
    | "check"
    | "runtime"
    | "files"
    | "proofs"
    | "http"
    | "testing"
    | "simulate"
    | "observer"
    | "sqlite"
    | "postgres"
    | "rabbitmq";
  readonly caughtBy: string;
}

/** Applies the edits of a mutant to one file. Throws where an edit does not match exactly once. */
export function mutated(mutant: Mutant, file: string, source: string): string {
  return mutant.edits
    .filter((edit) => edit.file === file)
    .reduce((text, { find, put }) => {
      if (text.split(find).length !== 2)
        throw new Error(`${file} does not hold exactly once: ${find}`);
      return text.replace(find, () => put);
    }, source);
}

/** Replaces `find`, which occurs once in the file, by `put`. */
export const edit = (file: string, find: string, put: string) => ({ file, find, put });
