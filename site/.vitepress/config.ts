import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitepress";
import { DOCS_ADDRESS } from "../../src/contract/docs-address.ts";
import { SECTIONS, type Section } from "../pages.ts";
import { slugify } from "../slugify.ts";
import { softbreak } from "../softbreak.ts";

const REPOSITORY = "https://github.com/odori-dev/odori";
/** The folder below the host: `/odori/`, unless the site is built for another place. */
const base = process.env.SITE_BASE ?? new URL(DOCS_ADDRESS).pathname;

function titleOf(path: string): string {
  const text = readFileSync(new URL(`../tree/${path}.md`, import.meta.url), "utf8");
  return /^# (.*)$/m.exec(text)?.[1] ?? path;
}

function sidebar(language: "en" | "ja") {
  const prefix = language === "ja" ? "/ja/" : "/";
  const sections = SECTIONS.map((section: Section) => ({
    text: section[language],
    collapsed: false,
    items: section.pages.map(([path, japanese]) => ({
      text: language === "ja" ? japanese : titleOf(path),
      link: `${prefix}${path.replace(/index$/, "")}`,
    })),
  }));
  const entries = readdirSync(new URL("../tree/api", import.meta.url)).map((name) => ({
    text: titleOf(`api/${name.replace(/\.md$/, "")}`),
    link: `/api/${name.replace(/\.md$/, "")}`,
  }));
  return [...sections, { text: "API", collapsed: true, items: entries }];
}

export default defineConfig({
  title: "Odori",
  description: "Choreographed sagas for TypeScript: proved, and run on your database and broker.",
  base,
  srcDir: "tree",
  outDir: "dist",
  cacheDir: "node_modules/.vitepress",
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${base}icon.svg` }]],
  markdown: {
    anchor: { slugify },
    theme: { light: "github-light", dark: "github-dark" },
    config: (md) => {
      md.renderer.rules.softbreak = softbreak;
    },
  },
  themeConfig: {
    socialLinks: [{ icon: "github", link: REPOSITORY }],
    search: {
      provider: "local",
      options: {
        miniSearch: {
          // Runs at the build and in the browser. Japanese has no spaces between words.
          options: {
            tokenize: (text) =>
              [...new Intl.Segmenter("ja", { granularity: "word" }).segment(text)]
                .filter(({ isWordLike }) => isWordLike)
                .map(({ segment }) => segment),
          },
        },
        locales: {
          ja: {
            translations: {
              button: { buttonText: "検索", buttonAriaLabel: "検索" },
              modal: {
                displayDetails: "詳しく表示",
                resetButtonTitle: "消す",
                backButtonTitle: "閉じる",
                noResultsText: "見つかりません",
                footer: { selectText: "選ぶ", navigateText: "移動", closeText: "閉じる" },
              },
            },
          },
        },
      },
    },
  },
  locales: {
    root: {
      label: "English",
      lang: "en",
      themeConfig: {
        nav: [
          { text: "Start", link: "/start" },
          { text: "Ideas", link: "/ideas" },
          { text: "Choose", link: "/choose" },
          { text: "Reference", link: "/reference/verbs" },
        ],
        sidebar: sidebar("en"),
        outline: { level: [2, 3], label: "On this page" },
        editLink: { pattern: `${REPOSITORY}/edit/main/docs/:path` },
      },
    },
    ja: {
      label: "日本語",
      lang: "ja",
      description:
        "TypeScriptのためのコレオグラフィ型サーガ。証明してから、手元のDBとブローカーで動かす。",
      themeConfig: {
        nav: [
          { text: "はじめる", link: "/ja/start" },
          { text: "考え方", link: "/ja/ideas" },
          { text: "選び方", link: "/ja/choose" },
          { text: "リファレンス", link: "/ja/reference/verbs" },
        ],
        sidebar: sidebar("ja"),
        outline: { level: [2, 3], label: "このページの内容" },
        docFooter: { prev: "前のページ", next: "次のページ" },
        darkModeSwitchLabel: "表示",
        lightModeSwitchTitle: "明るい表示にする",
        darkModeSwitchTitle: "暗い表示にする",
        sidebarMenuLabel: "目次",
        returnToTopLabel: "上へ戻る",
        langMenuLabel: "言語",
        skipToContentLabel: "本文へ",
        notFound: {
          title: "ページがありません",
          quote: "アドレスを確かめてください。",
          linkText: "最初のページへ",
        },
      },
    },
  },
});
