import { computed } from "@preact/signals";
import { type Language, language } from "../settings.ts";
import { en } from "./en.ts";
import { ja } from "./ja.ts";
import type { Words } from "./table.ts";

const TABLES: Readonly<Record<Language, Words>> = { en, ja };

/** Every word of the page, in the language of the person. */
export const words = computed<Words>(() => TABLES[language.value]);

/** The word of a table for a value from outside, which a newer server may not have told us of. */
export function wordOf(table: Readonly<Record<string, string>>, value: string): string {
  return Object.hasOwn(table, value) ? (table[value] ?? value) : value;
}
