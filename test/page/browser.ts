import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll } from "vitest";
import { serverUrl } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";

let running: Promise<Browser> | undefined;
afterAll(async () => {
  await (await running)?.close();
  running = undefined;
});

/** One browser for the tests of a file; each page has a context of its own. */
function browser(): Promise<Browser> {
  // The sandbox refuses to run as root. The browser shows only what the test serves.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  running ??= chromium.launch({ executablePath: serverUrl("chromium"), args: [...args] });
  return running;
}

/** A page, and everything that it has complained about. */
export interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Errors of scripts, refused requests, and breaches of the content security policy. */
  readonly complaints: readonly string[];
}

const SIZE = { width: 1440, height: 860 };
/** Less than a test has, so that its failure says what was waited for, and what was read. */
const LIMIT_MS = 45_000;
/** For a test that looks at every screen. */
export const EVERY_SCREEN_MS = 240_000;

/** Opens an address in a context of its own, in English and in light colours unless told. */
export async function opened(url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const made = await browser();
  const context = await made.newContext({
    ...{ viewport: SIZE, locale: "en", colorScheme: "light" },
    ...options,
  });
  context.setDefaultTimeout(LIMIT_MS);
  const complaints: string[] = [];
  const page = await context.newPage();
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** Waits until a text can be read on the page. */
export function reads(page: Page, text: string | RegExp): Promise<boolean> {
  const seen = () => page.innerText("body");
  const has = (all: string) => (typeof text === "string" ? all.includes(text) : text.test(all));
  return eventually(`the page reads ${text}`, seen, has, LIMIT_MS).then(() => true);
}

/** Presses keys, one after the other. */
export async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/** What has the focus: its name for those who hear it, or its text; "" of the page as a whole. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === document.body) return "";
    return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
  });
}

/** Presses Tab until what has the focus is named so. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  await eventually(`Tab reaches ${name}`, async () => {
    await press(page, "Tab");
    const here = await focused(page);
    return typeof name === "string" ? here.includes(name) : name.test(here);
  });
}
