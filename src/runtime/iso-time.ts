const DAY_MS = 86_400_000;

/** The day that was written last, in milliseconds since 1970, and what its times begin with. */
let day = Number.NaN;
let date = "";

/**
 * Writes a moment as `Date.toISOString` does. Events of one day differ in their time alone: a
 * `Date` for each of them takes longer than all else about an envelope.
 */
export function isoTime(now: number): string {
  const since = now - day;
  if (!(since >= 0 && since < DAY_MS) || !Number.isInteger(now)) return written(now);
  const seconds = Math.floor(since / 1_000);
  const minutes = Math.floor(seconds / 60);
  const clock = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${date}${clock}.${String(since % 1_000).padStart(3, "0")}Z`;
}

function written(now: number): string {
  const text = new Date(now).toISOString();
  day = Math.floor(now / DAY_MS) * DAY_MS;
  date = text.slice(0, -"00:00:00.000Z".length);
  return text;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
