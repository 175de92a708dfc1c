/** Why a request has no answer. `code` is one of the catalogue's, or one of the page's own. */
export class Problem extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly status: number | undefined;

  constructor(code: string, message: string, more: { hint?: string; status?: number } = {}) {
    super(message);
    this.code = code;
    this.hint = more.hint;
    this.status = more.status;
  }

  static from(error: unknown): Problem {
    if (error instanceof Problem) return error;
    return new Problem("UNREACHABLE", error instanceof Error ? error.message : String(error));
  }
}
