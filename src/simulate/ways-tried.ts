/** Of a decision with more ways than this, such as a large number, the first ones are tried. */
export const WAYS_TRIED = 16;
