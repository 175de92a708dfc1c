import type { JsonSchema } from "../../manifest/manifest.ts";
import type { LintProblem, Subject } from "./rule.ts";

/** Words of fields for display. Only the service that displays them needs them. */
const DISPLAY = new Set(
  (
    "caption color colour css html icon image label markdown photo picture style thumbnail " +
    "tooltip"
  ).split(" "),
);
/**
 * Words in the names of fields that mostly hold personal data: English, Japanese, and Japanese in
 * Latin letters.
 */
const PERSONAL = new Set(
  `
  address birthday birthdate birthplace dob email firstname forename fullname gender iban lastname
  maidenname mobile nationality passport password phone postcode ssn surname telephone zipcode
  氏名 名前 姓 住所 電話 電話番号 メール メールアドレス
  生年月日 誕生日 性別 郵便番号 マイナンバー フリガナ ふりがな 国籍
  shimei namae jusho juusho denwa seinengappi tanjoubi seibetsu yubinbango mynumber furigana
  `
    .trim()
    .split(/\s+/),
);
const PERSONAL_PAIRS = new Set(
  (
    "birth date|first name|last name|full name|given name|family name|middle name|date birth" +
    "|credit card|card number|ip address|postal code|zip code|my number|customer name|user name"
  ).split("|"),
);
/** Matches the names of fields that identify something. */
const KEYS = new RegExp(
  "(^|_)(id|ids|key|keys|no|number|code|ref|reference|uuid|guid|sku|slug|uri|url)$" +
    "|番号$|コード$",
);
/** Bounds the walk through a schema, which may be hostile. */
const WALK_DEPTH_MAX = 12;
const WALK_FIELDS_MAX = 2_000;

/** Finds payloads that are too large, carry personal data, or identify nothing. */
export function payloadProblems({ manifest, limits, graph }: Subject): readonly LintProblem[] {
  const problems: LintProblem[] = [];
  for (const [event, { schema, sensitive, foreign }] of manifest.events) {
    if (schema === undefined) continue;
    const service = graph.emitters.get(event)?.[0]?.service.name;
    const at = { ...(service !== undefined && { service }), event };
    const add = (code: LintProblem["code"], message: string) =>
      problems.push({ code, message, at });
    const fields = fieldsOf(schema);
    const depth = Math.max(0, ...fields.map(({ path }) => path.length));
    if (fields.length > limits.fieldsMax)
      add("FAT_PAYLOAD", `${event} has ${fields.length} fields; the limit is ${limits.fieldsMax}`);
    if (depth > limits.depthMax)
      add("FAT_PAYLOAD", `${event} is ${depth} levels deep; the limit is ${limits.depthMax}`);
    const entity = fields.find(
      ({ path, children }) => path.length >= 1 && children.some(isKey) && children.length > 5,
    );
    if (entity !== undefined)
      add("FAT_PAYLOAD", `${event} embeds an entity in "${entity.path.join(".")}"`);
    const shown = fields.find(({ path }) => wordsOf(path.at(-1)).some((word) => DISPLAY.has(word)));
    if (shown !== undefined)
      add("FAT_PAYLOAD", `${event} carries data for display: "${shown.path.join(".")}"`);
    for (const { path } of fields) {
      const name = path.join(".");
      if (isPersonal(path.at(-1)) && !sensitive.includes(name))
        add("PERSONAL_DATA", `${event} seems to carry personal data: "${name}"`);
    }
    // Documents of others often say no more of a payload than that it is an object.
    const unsaid = foreign && fields.length === 0;
    if (isObjectSchema(schema) && !unsaid && !fields.some(({ path }) => isKey(path.at(-1) ?? "")))
      add("NO_KEY", `the payload of ${event} has no identifier`);
  }
  return problems;
}

interface Field {
  readonly path: readonly string[];
  /** Names of its direct fields. */
  readonly children: readonly string[];
}

/** Returns the fields that a schema names, at all depths. */
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

function isObjectSchema(schema: JsonSchema): boolean {
  return typeof schema === "object" && schema.type === "object";
}

/** Splits a name into words: `customerEmail` and `customer_email` are two words each. */
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
