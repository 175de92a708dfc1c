/**
 * Makes the first delivery that waits for a saga and reaction due, unless another one still stands
 * before it. Values: now, saga id, reaction.
 */
export const RELEASE_NEXT = `UPDATE odori_deferred SET state = 'retrying', due_at = ?, owner = NULL
  WHERE state = 'waiting' AND seq = (
    SELECT min(seq) FROM odori_deferred WHERE saga_id = ? AND reaction = ? AND state IN ('retrying', 'waiting', 'parked'))`;
