import type { en } from "./en.ts";

/** The shape of a table: a key that one language lacks is an error of types. */
type Same<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Same<T[K]>;
};

export type Words = Same<typeof en>;
