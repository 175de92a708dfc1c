import { language } from "../settings.ts";

/** `1,000,000`, and `128` of a rate but `0.4`. */
export function numberText(value: number): string {
  return value.toLocaleString(language.value);
}

/** The same where there is little room: `9,999`, but `20K` and `2万`. */
export function shortNumber(value: number): string {
  if (value < 10_000) return numberText(value);
  return value.toLocaleString(language.value, { notation: "compact" });
}

export function rateText(value: number): string {
  if (value === 0) return "0";
  if (value < 0.1) return "<0.1";
  return value < 10 ? value.toFixed(1).replace(/\.0$/, "") : numberText(Math.round(value));
}
