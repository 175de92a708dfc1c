import { createHash, timingSafeEqual } from "node:crypto";
import { OdoriError } from "../contract/errors.ts";

/** Shorter ones can be guessed. */
const LENGTH_MIN = 16;

/** Makes the check of a bearer token. It takes as long for a wrong one as for the right one. */
export function tokenCheck(token: string): (request: Request) => boolean {
  if (token.length < LENGTH_MIN)
    throw new OdoriError("OPTION_INVALID", `token has less than ${LENGTH_MIN} characters.`, {
      hint: "Take 32 random bytes: `openssl rand -hex 32`.",
    });
  const expected = digestOf(token);
  return ({ headers }) => {
    const [, given = ""] = /^bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    return timingSafeEqual(digestOf(given), expected);
  };
}

/** Digests have one length, also of tokens of different lengths. */
function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
