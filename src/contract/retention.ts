/** How long a service remembers a closed saga, where it says nothing else: 30 days. */
export const RETENTION_MS = 30 * 24 * 3_600_000;
