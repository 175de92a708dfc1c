import type { LintCode } from "../../../src/check/finding.ts";

/** A payload: names of fields, which are strings, or a field with its schema. */
export type Fields = readonly (string | readonly [string, unknown])[];

const object = (...names: readonly string[]) => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
});
const list = (items: unknown) => ({ type: "array", items });
const number = { type: "number" };

/** Payloads as people write them first. Each has a key, so that only its fault is told. */
export const WRONG_PAYLOADS: readonly (readonly [LintCode, Fields])[] = [
  ...[
    "email customerEmail mailAddress homeAddress billing_address streetAddress ipAddress firstName",
    "last_name fullName familyName customerName contactName guestName recipientName cardHolder",
    "name nickname username phone mobilePhone tel faxNumber birthday dateOfBirth age",
    "gender nationality passportNumber ssn iban bankAccount cardNumber creditCard cvc pan pin",
    "password securityCode token accessToken apiKey postalCode 氏名 お名前 会員名 担当者名 姓 自宅住所 請求先住所 電話",
    "携帯番号 メールアドレス 生年月日 年齢 カード番号 口座番号 パスワード shimei denwaBango",
    "yuubinBangou seinenGappi jushou_juusho kokyaku_mei keitaiDenwa",
  ]
    .join(" ")
    .split(" ")
    .map((name): readonly [LintCode, Fields] => ["PERSONAL_DATA", ["orderId", name]]),
  ["PERSONAL_DATA", ["orderId", ["customer", object("name")]]],
  ["PERSONAL_DATA", ["orderId", ["passengers", list(object("name", "seat"))]]],
  ["NO_KEY", ["quantity"]],
  ["NO_KEY", []],
  ["NO_KEY", ["reason", "status"]],
  ["NO_KEY", ["correlationId"]],
  ["ENVELOPE_FIELD", ["orderId", "sagaId"]],
  ["ENVELOPE_FIELD", ["orderId", "saga_id"]],
  ["ENVELOPE_FIELD", ["orderId", "causationId"]],
  ["ENVELOPE_FIELD", ["orderId", "correlation_id"]],
  ["ENVELOPE_FIELD", ["orderId", "eventId"]],
  ["ENVELOPE_FIELD", ["orderId", "eventType"]],
  ["ENVELOPE_FIELD", ["orderId", "occurredAt"]],
  ["FLOAT_MONEY", ["orderId", ["amount", number]]],
  ["FLOAT_MONEY", ["orderId", ["totalPrice", number]]],
  ["FLOAT_MONEY", ["orderId", ["shipping_fee", number]]],
  ["FLOAT_MONEY", ["orderId", ["金額", number]]],
  ["FLOAT_MONEY", ["orderId", ["lines", list({ type: "object", properties: { price: number } })]]],
  ["FAT_PAYLOAD", ["orderId", "status", "createdAt", "updatedAt"]],
  ["FAT_PAYLOAD", ["orderId", ["order", {}]]],
  ["FAT_PAYLOAD", ["orderId", ["product", true]]],
  ["FAT_PAYLOAD", ["orderId", ["customer", { type: "object" }]]],
  ["FAT_PAYLOAD", ["orderId", ["cart", object("id", "state", "owner", "lines", "note", "total")]]],
  ["FAT_PAYLOAD", ["orderId", "thumbnailUrl"]],
  ["FAT_PAYLOAD", ["orderId", "productImage"]],
  ["FAT_PAYLOAD", ["orderId", "displayText"]],
  ["FAT_PAYLOAD", ["orderId", ["lines", list(object("sku", "iconUrl"))]]],
];

const whole = { type: "integer" };
const flag = { type: "boolean" };

/** Payloads that are as they should be, with words that a rule might trip over. */
export const GOOD_PAYLOADS: readonly Fields[] = [
  ["orderId"],
  ["orderId", ["amount", whole]],
  ["orderId", ["amountCents", number], "currency"],
  ["orderId", ["priceYen", number]],
  ["orderId", ["discountRate", number], ["weight", number]],
  ["orderId", ["amount", { type: "string" }]],
  ["orderId", "reason"],
  ["orderId", "sku", ["quantity", whole]],
  ["orderId", "paymentId", "paymentToken"],
  ["orderId", "customerId"],
  ["orderId", "addressId"],
  ["orderId", "address_ref", "phoneType"],
  ["orderId", ["emailVerified", flag], "emailSentAt"],
  ["orderId", ["hasAddress", flag]],
  ["orderId", "destination"],
  ["orderId", "shopLocation"],
  ["orderId", "productName", "fileName", "hostname"],
  ["orderId", "deliveryCountry", "addressCountry"],
  ["orderId", "createdAt"],
  ["orderId", "updatedAt"],
  ["orderId", "expiresAt", "placedAt", "timestamp"],
  ["orderId", ["lines", list(object("sku", "quantity", "name"))]],
  ["orderId", ["order_ids", list({ type: "string" })]],
  ["orderId", ["customer", object("id")]],
  ["orderId", ["product", { $ref: "#/$defs/product" }]],
  ["orderId", "page", "usage", "message", "title", "package", "panel", "stage"],
  ["orderId", "tokenized", "tokenCount", "spinner", "agent", "average"],
  ["注文番号", ["数量", whole]],
  ["注文番号", "商品名", "倉庫コード"],
  ["注文番号", "住所ID", "会員番号"],
  ["trackingNumber", "carrier"],
  ["order_no"],
  ["invoiceNumber", "dueDate"],
  ["orderId", "seat", "flightNumber"],
  ["orderId", ["attempts", whole], "errorCode"],
];

/** The schema of a payload. */
export function schemaOf(fields: Fields): Readonly<Record<string, unknown>> {
  const named = fields.map((field) =>
    typeof field === "string" ? [field, { type: "string" }] : field,
  );
  return { type: "object", properties: Object.fromEntries(named) };
}
