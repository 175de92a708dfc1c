import type { JsonSchema } from "../../manifest/manifest.ts";
import type { LintProblem, Subject } from "./rule.ts";

/** What is shown to people belongs to whoever shows it. */
const DISPLAY = new Set(
  "caption color colour css html icon image label markdown photo picture style thumbnail tooltip".split(
    " ",
  ),
);
/**
 * Words of names, in English and in Japanese (written and in Latin letters), that mostly hold
 * personal data.
 */
const PERSONAL = new Set(
  `address birthday birthdate birthplace dob email firstname forename fullname gender iban lastname maidenname mobile nationality passport
  password phone postcode ssn surname telephone zipcode
  氏名 名前 姓 住所 電話 電話番号 メール メールアドレス 生年月日 誕生日 性別 郵便番号 マイナンバー フリガナ ふりがな 国籍
  shimei namae jusho juusho denwa seinengappi tanjoubi seibetsu yubinbango mynumber furigana`.split(
    /\s+/,
  ),
);
const PERSONAL_PAIRS = new Set(
  "birth date|first name|last name|full name|given name|family name|middle name|date birth|credit card|card number|ip address|postal code|zip code|my number|customer name|user name".split(
    "|",
  ),
);
/** Ends of names that identify something. */
const KEYS =
  /(^|_)(id|ids|key|keys|no|number|code|ref|reference|uuid|guid|sku|slug|uri|url)$|番号$|コード$/;
/** No honest payload is deeper, and a schema may refer to itself. */
const WALK_DEPTH_MAX = 12;
const WALK_FIELDS_MAX = 2_000;

/** What travels in the events. */
export function payloadProblems({ manifest, limits, graph }: Subject): readonly LintProblem[] {
  const problems: LintProblem[] = [];
  for (const [event, { schema, sensitive }] of manifest.events) {
    if (schema === undefined) continue;
    const service = graph.emitters.get(event)?.[0]?.service.name;
    const at = { ...(service !== undefined && { service }), event };
    const add = (code: LintProblem["code"], message: string) =>
      problems.push({ code, message, at });
    const fields = fieldsOf(schema);
    const depth = Math.max(0, ...fields.map(({ path }) => path.length));
    if (fields.length > limits.fieldsMax)
      add("FAT_PAYLOAD", `${event} has ${fields.length} fields, more than ${limits.fieldsMax}`);
    if (depth > limits.depthMax)
      add("FAT_PAYLOAD", `${event} is ${depth} levels deep, more than ${limits.depthMax}`);
    const entity = fields.find(
      ({ path, children }) => path.length >= 1 && children.some(isKey) && children.length > 5,
    );
    if (entity !== undefined)
      add("FAT_PAYLOAD", `${event} embeds a whole entity in "${entity.path.join(".")}"`);
    const shown = fields.find(({ path }) => wordsOf(path.at(-1)).some((word) => DISPLAY.has(word)));
    if (shown !== undefined)
      add("FAT_PAYLOAD", `${event} carries what is only shown: "${shown.path.join(".")}"`);
    for (const { path } of fields) {
      const name = path.join(".");
      if (isPersonal(path.at(-1)) && !sensitive.includes(name))
        add("PERSONAL_DATA", `${event} seems to carry personal data: "${name}"`);
    }
    if (isObject(schema) && !fields.some(({ path }) => isKey(path.at(-1) ?? "")))
      add("NO_KEY", `nothing in the payload of ${event} identifies what it is about`);
  }
  return problems;
}

interface Field {
  readonly path: readonly string[];
  /** Names of the fields of its own. */
  readonly children: readonly string[];
}

/** Every field that a schema names, at all depths. */
function fieldsOf(schema: JsonSchema): readonly Field[] {
  const fields: Field[] = [];
  const visit = (node: unknown, path: readonly string[], depth: number) => {
    if (
      typeof node !== "object" ||
      node === null ||
      depth > WALK_DEPTH_MAX ||
      fields.length > WALK_FIELDS_MAX
    )
      return;
    if ("properties" in node && typeof node.properties === "object" && node.properties !== null) {
      for (const [name, child] of Object.entries(node.properties)) {
        fields.push({ path: [...path, name], children: childrenOf(child) });
        visit(child, [...path, name], depth + 1);
      }
    }
    for (const key of ["items", "anyOf", "oneOf", "allOf"] as const) {
      const below: unknown = key in node ? Reflect.get(node, key) : undefined;
      for (const child of Array.isArray(below) ? below : [below]) visit(child, path, depth + 1);
    }
  };
  visit(schema, [], 0);
  return fields;
}

function childrenOf(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const inner: unknown = "items" in schema ? schema.items : schema;
  if (typeof inner !== "object" || inner === null || !("properties" in inner)) return [];
  return Object.keys(inner.properties ?? {});
}

function isObject(schema: JsonSchema): boolean {
  return typeof schema === "object" && schema.type === "object";
}

/** `customerEmail` and `customer_email` are two words. */
function wordsOf(name = ""): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

function isKey(name: string): boolean {
  return KEYS.test(wordsOf(name).join("_"));
}

function isPersonal(name = ""): boolean {
  const words = wordsOf(name);
  const pairs = words.slice(1).map((word, index) => `${words[index]} ${word}`);
  return (
    words.some((word) => PERSONAL.has(word)) ||
    PERSONAL.has(words.join("")) ||
    pairs.some((pair) => PERSONAL_PAIRS.has(pair))
  );
}
