import type { ErrorCode } from "../contract/error-catalogue.ts";
import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";

/** An error as one thread tells it to another: a clone of an error has no code. */
export type ToldError =
  | { readonly code: ErrorCode; readonly message: string; readonly hint: string | undefined }
  | { readonly otherCode: string; readonly message: string };

/** Makes of an error what another thread can make it of again. */
export function toldError(error: unknown): ToldError {
  const said = messageOf(error);
  if (!(error instanceof OdoriError)) return { otherCode: codeOf(error), message: said };
  const { code, hint } = error;
  // The constructor adds the hint again.
  const message = hint === undefined ? said : said.slice(0, -` ${hint}`.length);
  return { code, message, hint };
}

/** The error that another thread has told. */
export function toldBack(told: ToldError): Error {
  if ("otherCode" in told) return Object.assign(new Error(told.message), { code: told.otherCode });
  const { code, message, hint } = told;
  return new OdoriError(code, message, hint === undefined ? {} : { hint });
}
