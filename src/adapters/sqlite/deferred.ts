/** Condition for deliveries that block later ones of their saga and reaction. */
export const BLOCKS = "state IN ('retrying', 'waiting', 'parked')";

/** Condition for deliveries that keep their saga open. */
export const OPENS = "state IN ('armed', 'retrying', 'waiting', 'parked')";

/** Condition for deliveries that become due. */
export const TIMED = "state IN ('retrying', 'armed')";

/**
 * Makes the first waiting delivery of a saga and reaction due, unless one that blocks it precedes
 * it. Values: now, saga id, reaction.
 */
export const RELEASE_NEXT = `UPDATE odori_deferred
  SET state = 'retrying', claims = 0, due_at = ?1, set_at = ?1, owner = NULL
  WHERE state = 'waiting' AND seq = (
    SELECT min(seq) FROM odori_deferred WHERE saga_id = ?2 AND reaction = ?3 AND ${BLOCKS})`;
