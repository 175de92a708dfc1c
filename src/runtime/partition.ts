/** Parts a list into the items that fit and the others, each in the order of the list. */
export function partition<T>(
  items: readonly T[],
  fits: (item: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  const [fitting, others]: [T[], T[]] = [[], []];
  for (const item of items) (fits(item) ? fitting : others).push(item);
  return [fitting, others];
}
