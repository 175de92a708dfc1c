import type { ErrorEntry } from "./entry.ts";

/** Replies of `odoriHandler`. */
export const WEB_CODES = {
  TOKEN_REFUSED: {
    delivery: "none",
    meaning: "A request to `/sagas` or `/parked` has not the token of `odoriHandler`.",
    hint: "Send `authorization: Bearer <token>`.",
  },
  ADDRESS_UNKNOWN: {
    delivery: "none",
    meaning: "`odoriHandler` has nothing at the path of a request, or no token is set for it.",
    hint: "Ask for `/live`, `/ready`, `/sagas/<id>` or `/parked`, behind `base`.",
  },
  METHOD_REFUSED: {
    delivery: "none",
    meaning: "`odoriHandler` only reads: the method of a request is neither GET nor HEAD.",
    hint: "Use GET. A parked delivery is retried by `odori parked retry`.",
  },
  REPLY_TOO_LARGE: {
    delivery: "none",
    meaning: "The reply of `sourceHandler` would have more than 64 MiB.",
    hint: "Nothing: `httpSource` asks for fewer sagas at once.",
  },
  SAGA_UNKNOWN: {
    delivery: "none",
    meaning: "None of the services has anything of a saga: it never began, or is past retention.",
    hint: "Compare the id with the one that `begin` was given.",
  },
  REQUEST_FAILED: {
    delivery: "none",
    meaning: "A request to `odoriHandler` failed for a reason that is not told to the caller.",
    hint: "Look at the database that the service uses: `odori doctor`.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
