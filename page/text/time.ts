import { computed, signal } from "@preact/signals";
import { about } from "../net/about.ts";
import { heardAt, live } from "../net/live.ts";
import { language } from "../settings.ts";

const beat = signal(Date.now());
setInterval(() => {
  if (!document.hidden) beat.value = Date.now();
}, 1_000);

/** The server's time now: browsers' clocks may be wrong by hours, and ages are compared with it. */
export const now = computed(() => {
  const said = live.value.now ?? about.value?.now;
  const at = heardAt.value;
  if (said === undefined) return beat.value;
  return said + (at === undefined ? 0 : Math.max(0, beat.value - at));
});

const UNITS = {
  en: { ms: " ms", s: " s", m: " min", h: " h", d: " d" },
  ja: { ms: " ミリ秒", s: " 秒", m: " 分", h: " 時間", d: " 日" },
};

/** A span of time in one unit, as exact as a person needs it: `12 ms`, `1.4 s`, `3 min`. */
export function spanText(ms: number): string {
  const unit = UNITS[language.value];
  const span = Math.max(0, ms);
  if (span < 1_000) return `${Math.round(span)}${unit.ms}`;
  if (span < 10_000) return `${(span / 1_000).toFixed(1)}${unit.s}`;
  if (span < 60_000) return `${Math.round(span / 1_000)}${unit.s}`;
  if (span < 3_600_000) return `${Math.floor(span / 60_000)}${unit.m}`;
  if (span < 172_800_000) return `${Math.floor(span / 3_600_000)}${unit.h}`;
  return `${Math.floor(span / 86_400_000)}${unit.d}`;
}

const DAY_MS = 86_400_000;

/** A time of today as a time, an older one with its date. */
export function timeText(at: number): string {
  const old = Math.abs(now.value - at) > DAY_MS;
  const date = old ? ({ month: "2-digit", day: "2-digit" } as const) : {};
  if (Number.isNaN(new Date(at).getTime())) return String(at);
  return new Intl.DateTimeFormat(language.value === "ja" ? "ja-JP" : "en-GB", {
    ...date,
    hour: "2-digit",
    minute: "2-digit",
    ...(old ? {} : ({ second: "2-digit" } as const)),
  }).format(at);
}

/** A time in full, for a tooltip. */
export function exactTime(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}
