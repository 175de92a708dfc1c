import { createHash, timingSafeEqual } from "node:crypto";
import { OdoriError } from "../contract/errors.ts";

/** Shorter ones can be guessed. */
const LENGTH_MIN = 16;

/** Makes the check of a bearer token. It takes as long for a wrong one as for the right one. */
export function tokenCheck(token: string): (request: Pick<Request, "headers">) => boolean {
  const isToken = tokenComparison(token);
  return ({ headers }) => {
    const [, given = ""] = /^bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    return isToken(given);
  };
}

/** Makes a comparison with a token. Throws `OPTION_INVALID` for one that could be guessed. */
export function tokenComparison(token: string): (given: string) => boolean {
  if (token.length < LENGTH_MIN)
    throw new OdoriError("OPTION_INVALID", `token has less than ${LENGTH_MIN} characters.`, {
      hint: "Take 32 random bytes: `openssl rand -hex 32`.",
    });
  const expected = digestOf(token);
  return (given) => timingSafeEqual(digestOf(given), expected);
}

/** Digests have one length, also of tokens of different lengths. */
function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
