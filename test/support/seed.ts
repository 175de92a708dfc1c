/**
 * Of all random tests. A run of the suite tells whether a change is sound, so it looks at the same
 * cases each time; the runs at night look at new ones, with another `ODORI_SEED`.
 */
export const SEED = Number(process.env.ODORI_SEED ?? 1);
