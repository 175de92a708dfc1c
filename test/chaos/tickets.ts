import { service } from "odori";
import { orderPlaced } from "../../examples/order/contracts.ts";
import { all, create, type Databases, run, type Tx } from "../../examples/order/database.ts";

/** Few pieces of each kind: nearly every order comes when they are gone, or nearly gone. */
const PIECES = 7;
const KINDS = 12;
/** How often the partner fails, hangs until it is given up, or takes its time. */
const PARTNER = { fails: 0.1, hangs: 0.005, slow: 0.02, slowMs: 150 };

const setup = async (tx: Tx) => {
  await create(
    tx,
    `CREATE TABLE IF NOT EXISTS pieces (kind INTEGER PRIMARY KEY, available INTEGER NOT NULL);
     CREATE TABLE IF NOT EXISTS tickets (
       order_id TEXT NOT NULL, kind INTEGER NOT NULL, granted INTEGER NOT NULL
     )`,
  );
  for (let kind = 0; kind < KINDS; kind++)
    await run(tx, "INSERT INTO pieces VALUES (?, ?) ON CONFLICT DO NOTHING", kind, PIECES);
};

/** A partner outside, which is called before anything is written. */
async function askPartner(signal: AbortSignal): Promise<void> {
  const dice = Math.random();
  if (dice < PARTNER.fails)
    throw Object.assign(new Error("the partner refuses"), { code: "ECONNREFUSED" });
  if (dice < PARTNER.fails + PARTNER.hangs)
    await new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(new Error("the partner does not answer"))),
    );
  // The timer is the fault: a partner that takes its time.
  if (dice > 1 - PARTNER.slow) await new Promise((resolve) => setTimeout(resolve, PARTNER.slowMs));
}

/**
 * Reads, checks and writes: each order asks for one piece of a kind of which there are few. Without
 * isolation more pieces are granted than there are.
 */
export const tickets = service<Tx>("tickets", { setup }).on(orderPlaced, {
  readonly: true,
  async handle({ data: { orderId } }, { tx, signal }) {
    await askPartner(signal);
    const kind = Number(orderId.replace(/\D/g, "")) % KINDS;
    const lock = "run" in tx ? "" : " FOR UPDATE";
    const [row] = await all(tx, `SELECT available FROM pieces WHERE kind = ?${lock}`, kind);
    const available = Number(row?.available);
    const granted = available > 0 ? 1 : 0;
    if (granted === 1)
      await run(tx, "UPDATE pieces SET available = ? WHERE kind = ?", available - 1, kind);
    await run(tx, "INSERT INTO tickets VALUES (?, ?, ?)", orderId, kind, granted);
  },
});

/** What does not add up: pieces that were oversold or kept back, and orders not answered once. */
export async function auditTickets(
  databases: Databases,
  orders: Iterable<string>,
): Promise<readonly string[]> {
  const violations: string[] = [];
  const pieces = await databases.read("tickets", "SELECT kind, available FROM pieces");
  const rows = await databases.read("tickets", "SELECT order_id, kind, granted FROM tickets");
  for (const { kind, available } of pieces) {
    const asked = rows.filter((row) => Number(row.kind) === Number(kind));
    const granted = asked.filter((row) => Number(row.granted) === 1).length;
    const wanted = Math.min(PIECES, asked.length);
    if (granted !== wanted || Number(available) !== PIECES - granted)
      violations.push(
        `tickets: of kind ${kind} ${granted} of ${PIECES} pieces were granted to ` +
          `${asked.length} orders, and ${available} are left`,
      );
  }
  const answers = new Map<string, number>();
  for (const { order_id } of rows)
    answers.set(String(order_id), (answers.get(String(order_id)) ?? 0) + 1);
  for (const orderId of orders) {
    const count = answers.get(orderId) ?? 0;
    if (count !== 1) violations.push(`tickets: ${orderId} was answered ${count} times`);
  }
  return violations;
}

/** How many of these orders have not been answered. */
export async function unanswered(
  databases: Databases,
  orders: ReadonlySet<string>,
): Promise<number> {
  const rows = await databases.read("tickets", "SELECT DISTINCT order_id FROM tickets");
  const answered = new Set(rows.map(({ order_id }) => String(order_id)));
  return [...orders].filter((orderId) => !answered.has(orderId)).length;
}
