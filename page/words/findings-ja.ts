/** Under what a proof holds. */
export const ASSUMPTIONS_JA: Readonly<Record<string, string>> = {
  NOTHING_PARKED: "どの配信も保留になりません。",
  TWO_KEYS: "キーごとの効果は、二つのキーで任意の数を代表します。",
  WITHIN_RETENTION: "サーガは各サービスの保持期間のうちに終わります。",
  OTHER_BEGINNINGS: "begins に挙げたもののほかから始まるサーガはありません。",
};

/**
 * What the codes of the checker mean, and what to do about them: its own texts are in English, and
 * name the parts of one choreography. `test/page/findings.test.ts` compares the codes.
 */
export const FINDINGS_JA: Readonly<Record<string, readonly [meaning: string, hint: string]>> = {
  STUCK: [
    "これ以上何も起こらず、サーガが成功にも失敗にも達していません。",
    "反例の最後のイベントをどれかのサービスで受信するか、そこで終わりのイベントを送信してください。多くは、取り消しの on にイベントが一つ足りません。",
  ],
  MIXED_END: [
    "一つのサーガが成功と失敗の両方で終わり、サービスごとに結末の認識が食い違います。",
    "先に起きたほうだけを通してください。サーガを終える反応に同じ firstOf を付けます。",
  ],
  DOUBLE_END: [
    "一つのサーガで同じ終わりが二度送信され、終わりを数えるサービスが数えすぎます。",
    "終わりを送信する反応に同じ firstOf を付けるか、一つの反応から送信してください。",
  ],
  ORPHAN: [
    "取り消しが宣言されている効果を残したまま、サーガが失敗します。この経路では失敗が取り消しに届きません。",
    "失敗を知らせるイベントを、取り消しの on に加えてください。",
  ],
  NO_UNDO: [
    "効果を残したままサーガが失敗し、その効果の取り消しが宣言されていません。",
    "効果を持つサービスに取り消しを宣言するか、戻すものがなければ readonly を付けてください。",
  ],
  EARLY_END: [
    "効果が残っているうちに、失敗の終わりが送信されます。受け取ったサービスは、すべて取り消されたと早合点します。",
    "終わりを送信するサービスで、取り消しのイベントを待ってください。早く知らせてよいなら、理由を添えて suppress で受け入れます。",
  ],
  UNDONE_ON_SUCCESS: [
    "サーガは成功しますが、その効果の一つが取り消されています。",
    "取り消しと、サーガを終える反応に、同じ firstOf を付けてください。一つだけを残す効果なら oneOf に書きます。",
  ],
  ONE_OF: [
    "oneOf の効果が一つも残らないか、二つ以上残ったまま、サーガが成功します。",
    "残りを取り消すか、firstOf で一つだけを通してください。",
  ],
  EMPTY_ROLLBACK: [
    "柵のないサービスで、取り消しが実行より先に動き、起きていないことを戻します。",
    "実行済みと取り消し済みの効果を同じトランザクションで記録し(Odori は記録します)、fence: true と宣言してください。",
  ],
  HANGING: [
    "柵のないサービスで、実行が取り消しの後に動きます。効果は残り、取り消しはもう来ません。",
    "取り消しが実行を止めるようにしてください(柵)。Odori にはあり、ほかでは自作が必要です。",
  ],
  DOUBLE_EFFECT: [
    "受信箱と柵のないサービスで、二度届いたメッセージが二度効果を出します。",
    "効果と同じトランザクションで、イベントの ID から二度目の配信を見分けてください。",
  ],
  DOUBLE_COMPENSATION: [
    "受信箱と柵のないサービスで、効果が二度取り消されます。",
    "取り消しと同じトランザクションで、イベントの ID から二度目の配信を見分けてください。",
  ],
  UNDO_ORDER: [
    "undoOrder で先に取り消すはずの効果が残っているうちに、別の効果が取り消されます。",
    "後の取り消しで、先の取り消しのイベントを受信してください。",
  ],
  AFTER_PIVOT: [
    "引き返せない点(pivot)を過ぎてから、サーガが失敗するか、効果を取り消します。",
    "失敗しうる処理を pivot の前に移すか、成功するまで再試行してください。",
  ],
  LOCK_LEAK: [
    "コレオグラフィのロックを持ったまま、サーガが終わります。",
    "反例の経路でも、ロックを解くイベントを送信してください。",
  ],
  PARKED_STUCK: [
    "サービスが配信を断念すると(mayPark、または保存期間の経過)、人が対処するまでサーガが止まるか、効果が残ります。",
    "onParked を宣言するか、返事を待つサービスに期限を宣言してください。",
  ],
  UNBOUNDED_LOOP: [
    "反応が互いを引き起こし続け、終わりがありません。",
    "max で回数を限り、その後のことを late に書いてください。",
  ],
  EFFECT_GONE: [
    "版の間: 旧版の効果を新版の取り消しが知らないため、進行中のサーガに効果が残ります。",
    '効果の以前の名前を書いてください: effect: { name, was: ["…"] }。',
  ],
  DEADLINE_GONE: [
    "版の間: 旧版が設定した期限が新版にありません。",
    "設定済みの期限がなくなるまで残すか、was に以前の名前を書くか、廃止を宣言してください。",
  ],
  REACTION_GONE: [
    "版の間: 旧版が後回しにした配信の反応が新版にありません。",
    '反応の以前の名前を書いてください: was: ["…"]。',
  ],
  DEDUP_LOST: [
    "版の間: 旧版が処理したメッセージがもう一度届き、反応の名前が違うため新版が気づきません。",
    '反応の以前の名前を書いてください: was: ["…"]。',
  ],
  UNHEARD: [
    "どのサービスも受信せず、サーガの終わりでもないイベントが送信されています。多くは名前の書き間違いです。",
    "受信するサービスを作るか、外部向けなら external に書くか、送信をやめてください。",
  ],
  NEVER_EMITTED: [
    "どのサービスも送信しないイベントを、サービスが受信しているか、期限の対象にしています。",
    "送信するサービスを作るか、外部から来るなら arrives に書いてください。",
  ],
  FOREIGN_UNDO: [
    "サービスが、自分のデータではない、ほかのサービスの効果を取り消しています。",
    "効果の持ち主が取り消し、そのイベントを受信してください。",
  ],
  UNKNOWN_EFFECT: [
    "取り消しの対象が、そのサービスの効果ではありません。",
    "効果の名前を書いてください。成功の結果の最初のイベントか、サーガを始めるイベントです。",
  ],
  UNKNOWN_NAME: [
    "コレオグラフィの一覧に、どのサービスも送信・実行しない名前があります。",
    "名前を直してください。最も近い名前が下の原文にあります。",
  ],
  CONTRADICTION: [
    "一つのサービス、イベント、または一覧について、二つの情報源が食い違っています。",
    "どちらか一方に書くか、両方を同じ内容にしてください。",
  ],
  LINKS_UNKNOWN: [
    "オーバーレイに、どの AsyncAPI 文書にもないサービスまたはメッセージがあります。",
    "名前を直すか、それを含む文書を加えてください。",
  ],
  LINKS_INCOMPLETE: [
    "AsyncAPI 文書にあるサービスまたはメッセージが、オーバーレイのリンクにありません。",
    "リンクを加えるか、サーガに不要な理由を添えて suppress に書いてください。",
  ],
  DEAD_REACTION: [
    "反応または期限が、どのサーガでも働きません。",
    "削除するか、待っているイベントが間に合うようにしてください。",
  ],
  NO_SUCCESS: [
    "始められるサーガがないか、成功で終わるサーガがありません。",
    "始まりを begins に書き、succeeds のイベントをどれかのサービスから送信してください。",
  ],
  EMPTY_UNDO_TOLD: [
    "取り消すものがないのに、取り消しが外部へイベントを送信します。行われていない支払いの返金が知らされます。",
    'onEmpty: "silent" と宣言してください。応答が必要なら、まず内部のイベントを送信し、外部へはその後で送信します。',
  ],
  DEADLINE_OUTLIVES_END: [
    "サーガが終わっても期限が残り、終わったサーガの中で期限切れになります。",
    "終わりのイベント、またはその前のイベントを unless に加えてください。",
  ],
  BAD_SUPPRESSION: [
    "反例など、受け入れられないコードが suppress に書かれています。",
    "削除し、そのコードの指摘を直してください。",
  ],
  UNKNOWN_LINKS: [
    "文書には送受信だけがあり、何から何が続くかがありません。探索していません。",
    "リンクをオーバーレイに書いてください: odori link init <document…> > links.yaml。",
  ],
  NOT_EXHAUSTIVE: [
    "すべての状態を調べる前に探索が終わりました。調べていない部分は証明されていません。",
    "--states または --seconds を増やすか、コレオグラフィを分けて検査してください。",
  ],
};

/** What a step of a counterexample does. */
export const ACTIONS_JA: Readonly<Record<string, string>> = {
  begins: "開始",
  arrives: "到着",
  does: "実行",
  refuses: "拒否",
  undoes: "取り消し",
  "has nothing to undo": "取り消すものなし",
  "is late": "遅すぎた",
  "suppresses it": "無視",
  "waits for more": "ほかのイベント待ち",
  "gives up": "断念",
  "has forgotten the saga": "サーガの記録が消えている",
  "arms a deadline": "期限を設定",
  "calls a deadline off": "期限を解除",
  "has waited too long": "期限切れ",
  "drops a deadline": "期限を破棄",
  "takes it": "受け取り",
  starts: "起動",
  stops: "停止",
};

const REASONS_JA: readonly (readonly [RegExp, string])[] = [
  [/^it waits behind a parked delivery$/, "保留中の配信の後ろ"],
  [/^(\S+) is done already$/, "$1 は実行済み"],
  [/^(\S+) was undone$/, "$1 は取り消し済み"],
  [/^the undo of (\S+) came first$/, "$1 の取り消しが先に来た"],
  [/^"(.*)" is taken$/, "「$1」はほかが取得済み"],
  [/^it has run (\d+) times$/, "$1 回実行済み"],
];

const DOUBTS_JA: readonly (readonly [RegExp, string])[] = [
  [/^no database of (.+) was read$/, "$1 のデータベースを読んでいません"],
  [/^no journal says what emitted (.+)$/, "$1 の送信元がどの記録にもありません"],
  [/^the choreography does not have (.+)$/, "コレオグラフィに $1 がありません"],
  [/^of effects with a key two are told apart: (.+)$/, "キーのある効果は二つまで区別します: $1"],
  [/^this saga has more keys of (.+)$/, "このサーガには $1 のキーがもっとあります"],
];

/** Why a step was suppressed; what is not known stays as it is. */
export function reasonJa(why: string): string {
  return replaced(why, REASONS_JA);
}

/** Why an outlook is not certain; what is not known stays as it is. */
export function doubtJa(doubt: string): string {
  return replaced(doubt, DOUBTS_JA);
}

function replaced(said: string, forms: readonly (readonly [RegExp, string])[]): string {
  const [known, text] = forms.find(([form]) => form.test(said)) ?? [];
  return known === undefined || text === undefined ? said : said.replace(known, text);
}
