/*
 * Shows what Temporal's activities do to rows in a database of one's own: `npm run bench:temporal`
 * installs its packages, which are in a folder of their own, so nothing here may import them by
 * name.
 */
const program = "temporal-faults.ts";
await import(new URL(`peers/${program}`, import.meta.url).href);
