// What an address says, as far as it is known.

/** The value, where it is one of those that are known. */
export function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((one) => one === value);
}
