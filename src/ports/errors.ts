import { type ErrorDetails, OdoriError } from "../contract/errors.ts";

/**
 * The database cannot be used now: unreachable, full or locked. No fault of the delivery, so no attempt is counted:
 * it stays unacknowledged, the service reports that it is not ready, and goes on by itself when the database does.
 */
export class StoreUnavailableError extends OdoriError {
  override readonly name = "StoreUnavailableError";

  constructor(code: "STORE_UNAVAILABLE" | "STORE_FULL" | "STORE_BUSY", message: string, details: ErrorDetails = {}) {
    super(code, message, details);
  }
}
