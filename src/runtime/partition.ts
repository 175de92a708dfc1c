/** Parts a list into the items that fit and the others, each in the order of the list. */
export function partition<T>(
  items: readonly T[],
  fits: (item: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [items.filter(fits), items.filter((item) => !fits(item))];
}
