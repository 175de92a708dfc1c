import { transactionClosed } from "../ports/errors.ts";
import type { HandlerScope } from "../ports/transaction.ts";

/**
 * The scope of work inside a transaction of the caller's own: if it fails, the caller rolls back.
 * `sent` is that of the scope.
 */
export function callersScope<Native>(
  native: Native,
  sent?: () => Promise<void> | undefined,
): HandlerScope<Native> {
  return {
    native,
    ...(sent === undefined ? {} : { sent }),
    touched: true,
    flights: 0,
    contended: false,
    returned: () => {},
    keep: () => {},
    undo: () => {},
    detach: () => {
      throw transactionClosed();
    },
  };
}
