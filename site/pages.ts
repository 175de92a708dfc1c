/** The order of the documentation: sections of pages, with the title of each page in Japanese. */
export interface Section {
  readonly en: string;
  readonly ja: string;
  /** The path of a page below `docs/`, without ending, and its title in Japanese. */
  readonly pages: readonly (readonly [path: string, ja: string])[];
}

/** The sections of the documentation, in the order in which they are read. */
export const SECTIONS: readonly Section[] = [
  {
    en: "Start",
    ja: "はじめる",
    pages: [
      ["start", "自分のプロジェクトで最初のサーガ"],
      ["ideas", "考え方"],
      ["choose", "選び方"],
    ],
  },
  {
    en: "Build",
    ja: "作る",
    pages: [
      ["how-to/prove", "コレオグラフィを証明する"],
      ["how-to/testing", "サービスとサーガをテストする"],
      ["how-to/simulate", "シミュレーションする"],
      ["how-to/dev", "動かしながら書く"],
      ["how-to/frameworks", "Webフレームワークの中で動かす"],
      ["how-to/orms", "ORMで行を書く"],
      ["how-to/sources", "コマンドにモジュールを読ませる"],
      ["how-to/commonjs", "CommonJSから使う"],
      ["how-to/http", "HTTPで参加する"],
      ["how-to/services-of-others", "ほかの言語のサービスを検査する"],
    ],
  },
  {
    en: "Run",
    ja: "動かす",
    pages: [
      ["infrastructure", "本物のデータベースとブローカーで"],
      ["how-to/secure-connections", "接続を守る"],
      ["how-to/kubernetes", "Kubernetesで動かす"],
      ["how-to/ci", "CIで検査する"],
      ["how-to/deploy", "サービスの新しい版を出す"],
      ["how-to/operate", "サーガを運用する"],
      ["how-to/console", "コンソールで見る"],
      ["how-to/stuck-saga", "サーガが止まったら"],
      ["how-to/alerts", "アラート"],
      ["how-to/telemetry", "OpenTelemetryで見る"],
    ],
  },
  {
    en: "Reference",
    ja: "リファレンス",
    pages: [
      ["reference/verbs", "動詞"],
      ["reference/commands", "コマンド"],
      ["reference/findings/index", "検査の指摘"],
      ["reference/lint", "名前と本文の規則"],
      ["reference/errors", "エラー"],
      ["reference/guarantees", "保証すること"],
      ["reference/semantics", "意味論"],
      ["reference/manifest", "マニフェスト"],
      ["reference/wire-format", "メッセージの形式"],
      ["reference/glossary", "用語"],
      ["reliability", "バスの信頼性"],
      ["performance", "速さ"],
    ],
  },
];
