import { describe, expect, it } from "vitest";
import { translations } from "../../scripts/translations/translations.ts";
import { softbreak } from "../../site/softbreak.ts";

/** Words that the Japanese pages do not use, and the word in their place. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/サガ/, "サーガ"],
  [/コレオグラフィー/, "コレオグラフィ"],
  [/通知/, "イベント"],
  [/命令イベント/, "コマンド"],
  [/ヘッダ/, "封筒（ブローカーの話でなければ）"],
  [/(?<!（)ペイロード/, "本文"],
  [/参加者/, "サービス"],
  [/副作用/, "したこと（効果）"],
  [/受信トレイ/, "受信箱"],
  [/フェンシング/, "柵（fence）"],
  [/ジョイン/, "待ち合わせ"],
  [/駐車/, "保留（parked）"],
  [/べき等/, "冪等"],
  [/落[とちさ]/, "なくす、またはクラッシュさせる"],
  [/デッドライン/, "締め切り"],
  [/アウトボックス|インボックス/, "送信箱、受信箱"],
];

/** The text of a page: no code, no links. */
const prose = (text: string) =>
  text.replaceAll(/```[\s\S]*?```|`[^`]*`|\]\([^)]*\)/g, "").replaceAll(/ +|-{3,}/g, " ");
const strange = (text: string) =>
  WORDS.filter(([word]) => word.test(prose(text))).map(([word, rather]) => `${word}: ${rather}`);

describe("the Japanese pages", () => {
  it.each(translations())("$page uses the words of the table", ({ text }) => {
    expect(strange(text)).toEqual([]);
  });

  it.each(translations())("$page is Japanese, and a page as long as the English one", (pair) => {
    const letters = prose(pair.text).match(/[ぁ-んァ-ヶ一-龠]/g)?.length ?? 0;
    const english = prose(pair.english).length;
    // Japanese says in 30 to 80 letters what English says in 100.
    expect(letters / english).toBeGreaterThan(0.2);
    expect(letters / english).toBeLessThan(0.9);
    expect(headings(pair.text)).toEqual(headings(pair.english));
  });

  it("the table sees what it is for", () => {
    expect(strange("サガを通知する")).toHaveLength(2);
    expect(strange("本文（ペイロード）を運ぶサーガ")).toEqual([]);
  });
});

/** The levels of the headings of a page, in order: a translation leaves no part out. */
function headings(text: string): readonly number[] {
  const plain = text.replaceAll(/```[\s\S]*?```/g, "");
  return [...plain.matchAll(/^(#+) /gm)].map(([, marks = ""]) => marks.length);
}

it("a line break of a Japanese page makes no space on the site, unless beside code", () => {
  const around = (before: string, after: string, type = "text") =>
    softbreak(
      [
        { type, content: before },
        { type: "softbreak", content: "" },
        { type: "strong_open", content: "" },
        { type: "text", content: after },
      ],
      1,
    );
  expect(around("送信箱で", "しょうか")).toBe("");
  expect(around("では、", "Temporal")).toBe("");
  expect(around("one", "two")).toBe("\n");
  expect(around("start", "は", "code_inline")).toBe("\n");
});
