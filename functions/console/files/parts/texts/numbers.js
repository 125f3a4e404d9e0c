// Numbers, times and counts as people read them.

/** @param {number | null | undefined} value */
export const number = (value) => (value === null || value === undefined ? "–" : Number(value).toLocaleString());

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** @param {unknown} value */
export const shown = (value) => (value === null || value === undefined || value === "" ? "–" : String(value));

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * With a full stop, where another sentence follows.
 * @param {string} text
 */
export const sentence = (text) => text.replace(/[^.!?…]$/, "$&.");

/**
 * `date` in the reader's own zone; `exactly`: to the second, for today.
 * @param {Date} date
 * @param {boolean} [exactly]
 */
export function when(date, exactly = false) {
  const today = new Date().toDateString() === date.toDateString();
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: exactly && today ? "2-digit" : undefined });
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return today ? `today ${time}` : `${date.toLocaleDateString([], { day: "numeric", month: "short", year })}, ${time}`;
}

/**
 * `95` → `1 min 35 s`.
 * @param {number | null | undefined} seconds
 */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Number((seconds / 3600).toFixed(1))} h` : `${Math.round(seconds / 86400)} days`;
}

/** @param {number | null | undefined} seconds */
export const ago = (seconds) => (seconds ? `${duration(Math.max(0, Date.now() / 1000 - seconds))} ago` : "never");
