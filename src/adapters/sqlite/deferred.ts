/** Condition for deliveries that block later ones of their saga and reaction. */
export const BLOCKS = "state IN ('retrying', 'waiting', 'parked')";

/**
 * Makes the first waiting delivery of a saga and reaction due, unless one that blocks it precedes
 * it. Values: now, saga id, reaction.
 */
export const RELEASE_NEXT = `UPDATE odori_deferred
  SET state = 'retrying', due_at = ?, owner = NULL
  WHERE state = 'waiting' AND seq = (
    SELECT min(seq) FROM odori_deferred WHERE saga_id = ? AND reaction = ? AND ${BLOCKS})`;
