import { wordSet } from "./word-set.ts";

/*
 * Names in Japanese, in its own letters and in Latin ones: the words of orders, payments, stock and
 * deliveries, with the English that they are proposed for. No romaji here is an English word.
 */

const ROMAJI: ReadonlyMap<string, string> = new Map(
  `chumon order|chuumon order|juchu order|juchuu order|kessai payment|shiharai payment
  |seikyu billing|seikyuu billing|nyukin payment|zaiko inventory|hassou shipping|hasso shipping
  |haisou shipping|haiso shipping|shukka shipping|nyuka inventory|kokyaku customer|kaiin member
  |shouhin product|yoyaku booking|henkin refunded|henpin returned|sakusei created|touroku registered
  |toroku registered|kakunin confirmed|shonin approved|shounin approved|kakuho reserved
  |hikiate reserved|kanryo completed|kanryou completed|shippai failed|seikou succeeded
  |kaishi started|shuryo finished|shuuryou finished|torikeshi cancelled|kyanseru cancelled
  |henkou changed|koushin updated|sakujo deleted|modoshi released|kaijo released|kyohi rejected
  |sareta |shita |shimashita |sumi |shite |suru |kudasai |onegai |shimasu |dekita |dekinai `
    .split("|")
    .map((pair) => pair.trimStart().split(" "))
    .map(([word = "", english = ""]) => [word.trim(), english.trim()]),
);

const JAPANESE: readonly (readonly [RegExp, string])[] = [
  [/注文|受注/, "order"],
  [/決済|支払/, "payment"],
  [/在庫/, "inventory"],
  [/発送|配送|出荷/, "shipping"],
  [/顧客|会員/, "customer"],
  [/失敗/, "failed"],
  [/取消|取り消|キャンセル/, "cancelled"],
  [/返金/, "refunded"],
  [/確保|引当/, "reserved"],
  [/戻|解放/, "released"],
  [/承認/, "authorized"],
  [/確認/, "confirmed"],
  [/作成|受付/, "placed"],
  [/開始/, "started"],
  [/完了/, "completed"],
];
const DOMAINS = wordSet(`
  order payment billing inventory shipping customer member product booking
`);

/** Tells whether a name has letters that no broker carries in a subject or a topic. */
export function hasForeignLetters(name: string): boolean {
  return /[^\u0000-\u007f]/.test(name);
}

/** Tells whether a word is Japanese in Latin letters. */
export function isRomaji(word: string): boolean {
  return ROMAJI.has(word);
}

/** Returns the domain and the fact of a Japanese name in English. Undefined if one is not known. */
export function inEnglish(
  name: string,
  words: readonly string[],
): { readonly domain: string; readonly fact: string } | undefined {
  const found = [
    ...words.map((word) => ROMAJI.get(word) ?? word),
    ...JAPANESE.filter(([pattern]) => pattern.test(name)).map(([, english]) => english),
  ];
  const domain = found.find((word) => DOMAINS.has(word));
  const fact = found.find((word) => /ed$/.test(word));
  return domain === undefined || fact === undefined ? undefined : { domain, fact };
}
