import { wordsOf } from "./name-parts.ts";
import { wordSet } from "./word-set.ts";

/**
 * Words in the names of fields that mostly hold personal data, or a secret: English, and Japanese
 * in Latin letters.
 */
const PERSONAL = wordSet(`
  address birth birthday birthdate birthplace cvc cvv dob email fax firstname forename
  fullname gender iban lastname maidenname mobile nationality nickname passport password
  passcode passphrase phone postcode ssn surname telephone username zipcode shimei namae
  onamae jusho juusho jyusho jyusyo denwa keitai seinengappi tanjoubi seibetsu yubinbango
  yuubinbangou mynumber furigana kokyakumei
`);
/** Names of fields that hold personal data, or a secret, if nothing else is said. */
const PERSONAL_ALONE = wordSet("age pan pin secret sex tel token");
const PERSONAL_PAIRS = new Set(
  (
    "account holder|access token|api key|bank account|birth date|card holder|card number" +
    "|credit card|date birth|debit card|family name|first name|full name|given name|health record" +
    "|id token|ip address|kokyaku mei|last name|middle name|my number|nick name|postal code" +
    "|private key|refresh token|secret key|security code|zip code"
  ).split("|"),
);
const PERSONS = wordSet(`
  applicant cardholder client contact consumer customer driver employee guest holder member
  passenger patient payee payer person receiver recipient sender student tenant user visitor
`);
const JAPANESE = new RegExp(
  "氏名|名前|姓名|住所|電話|携帯|メール|生年月日|誕生日|性別|年齢|郵便番号|マイナンバー|カード番号" +
    "|口座|フリガナ|ふりがな|国籍|パスワード|暗証番号|^(姓|名|氏)$|(顧客|客様|会員|利用者|担当者|社員)名",
);
/** A field with one of these endings is about the data, and is not the data. */
const ABOUT = new RegExp(
  "(^|_)(at|attempts|count|country|guid|id|ids|kind|provider|ref|status|type|uuid|valid" +
    "|verified|version)$",
);
/** Domains whose own `name` is that of a person. */
const PERSONAL_DOMAINS = wordSet(`
  account accounts booking bookings customer customers delivery guest guests invoice invoices
  member members order orders passenger passengers patient patients payment payments
  reservation shipment shipping subscription user users
`);

/** Tells whether a field seems to hold personal data. `domain` is that of its event. */
export function isPersonal(path: readonly string[], schema: unknown, domain: string): boolean {
  const [name = "", parent = ""] = path.toReversed();
  if (isFlag(schema)) return false;
  if (JAPANESE.test(name)) return !/ID$|コード$/i.test(name);
  const words = wordsOf(name);
  const text = words.join("_");
  if (ABOUT.test(text) && !PERSONAL_ALONE.has(text)) return false;
  const pairs = words.slice(1).map((word, index) => `${words[index]} ${word}`);
  return (
    PERSONAL_ALONE.has(text) ||
    words.some((word) => PERSONAL.has(word)) ||
    PERSONAL.has(words.join("")) ||
    pairs.some((pair) => PERSONAL_PAIRS.has(pair)) ||
    namesAPerson(words, parent, domain, path.length === 1)
  );
}

function namesAPerson(
  words: readonly string[],
  parent: string,
  domain: string,
  outermost: boolean,
): boolean {
  if (words.at(-1) !== "name") return false;
  const whose = words.length > 1 ? words.at(-2) : wordsOf(parent).at(-1);
  if (whose === undefined || whose === "")
    return words.length === 1 && outermost && PERSONAL_DOMAINS.has(domain);
  return PERSONS.has(whose.replace(/s$/, ""));
}

/** A yes or no about an address is not the address. */
function isFlag(schema: unknown): boolean {
  return (
    typeof schema === "object" && schema !== null && "type" in schema && schema.type === "boolean"
  );
}
