import { type Field, isKey } from "./fields.ts";
import { wordsOf } from "./name-parts.ts";
import { wordSet } from "./word-set.ts";

/** Words of fields for display. Only the service that displays them needs them. */
const DISPLAY = wordSet(`
  avatar banner caption color colour css display headline html icon image label markdown photo
  picture style thumbnail tooltip
`);
/** Things that have a table of their own nearly everywhere. */
const ENTITIES = wordSet(`
  account cart customer invoice item order payment product shipment user
`);
/** More fields than this beside a key make an entity. */
const FIELDS_FEW = 5;

/** Says which field carries a whole entity, or what only a screen needs. */
export function entityIn(fields: readonly Field[], domain: string): readonly string[] {
  const found: string[] = [];
  const name = ({ path }: Field) => path.join(".");
  const embedded = fields.find(
    ({ children }) => children.some(isKey) && children.length > FIELDS_FEW,
  );
  if (embedded !== undefined) found.push(`embeds an entity in "${name(embedded)}"`);
  const shapeless = fields.find((field) => isShapeless(field, domain));
  if (shapeless !== undefined) found.push(`embeds "${name(shapeless)}" in any shape`);
  const columns = ["created_at", "updated_at"].map((column) =>
    fields.find(({ path }) => wordsOf(path.at(-1)).join("_") === column),
  );
  const [created, updated] = columns;
  if (created !== undefined && updated !== undefined)
    found.push(`carries the columns of a row: "${name(created)}", "${name(updated)}"`);
  const shown = fields.find(({ path }) => wordsOf(path.at(-1)).some((word) => DISPLAY.has(word)));
  if (shown !== undefined) found.push(`carries data for display: "${name(shown)}"`);
  return found;
}

/** A field that is named as an entity, and may hold all of it. */
function isShapeless({ path, schema }: Field, domain: string): boolean {
  const name = path.at(-1) ?? "";
  if (name !== domain && !ENTITIES.has(name)) return false;
  if (schema === true) return true;
  if (typeof schema !== "object" || schema === null) return false;
  const says = Object.keys(schema).filter((key) => !/^(\$comment|title|description)$/.test(key));
  return says.length === 0 || (says.length === 1 && "type" in schema && schema.type === "object");
}
