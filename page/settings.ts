import { effect, signal } from "@preact/signals";

export const SCHEMES = ["auto", "light", "dark"] as const;
export type Scheme = (typeof SCHEMES)[number];
export const LANGUAGES = ["en", "ja"] as const;
export type Language = (typeof LANGUAGES)[number];

const kept = (name: string) => {
  try {
    return localStorage.getItem(`odori.${name}`);
  } catch {
    return null;
  }
};

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`odori.${name}`, value);
  } catch {
    // A browser without storage asks again the next time.
  }
}

function preferred(): Language {
  return navigator.languages.some((one) => one.startsWith("ja")) ? "ja" : "en";
}

export const scheme = signal<Scheme>(SCHEMES.find((one) => one === kept("scheme")) ?? "auto");
export const language = signal<Language>(
  LANGUAGES.find((one) => one === kept("language")) ?? preferred(),
);

effect(() => {
  const { dataset } = document.documentElement;
  if (scheme.value === "auto") delete dataset.scheme;
  else dataset.scheme = scheme.value;
});
effect(() => {
  document.documentElement.lang = language.value;
});

export function chooseScheme(next: Scheme): void {
  scheme.value = next;
  keep("scheme", next);
}

export function chooseLanguage(next: Language): void {
  language.value = next;
  keep("language", next);
}
