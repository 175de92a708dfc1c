import { transactionClosed } from "../ports/errors.ts";
import type { HandlerScope } from "../ports/transaction.ts";

/**
 * The scope of work inside a transaction of the caller's own: if it fails, the caller rolls back.
 */
export function callersScope<Native>(native: Native): HandlerScope<Native> {
  return {
    native,
    touched: true,
    statements: 0,
    contended: false,
    returned: () => {},
    keep: () => {},
    undo: () => {},
    detach: () => {
      throw transactionClosed();
    },
  };
}
