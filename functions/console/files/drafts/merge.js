// Two people's changes to one version, put together: what only one of them changed is theirs.

const isObject = (/** @type {any} */ value) => value !== null && typeof value === "object" && !Array.isArray(value);
const same = (/** @type {any} */ one, /** @type {any} */ other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/**
 * `merged` has both people's changes; `conflicts` are the places that both changed, differently, with `mine` taken there. A list, such as
 * a mapping, is one thing: half of one and half of another is nobody's.
 * @param {any} base
 * @param {any} mine
 * @param {any} theirs
 * @param {string} [place]
 * @returns {{ merged: any, conflicts: string[] }}
 */
export function merge(base, mine, theirs, place = "") {
  if (same(mine, theirs) || same(theirs, base)) return { merged: mine, conflicts: [] };
  if (same(mine, base)) return { merged: theirs, conflicts: [] };
  if (![mine, theirs].every(isObject)) return { merged: mine, conflicts: [place] };
  /** @type {Record<string, any>} */
  const merged = {};
  /** @type {string[]} */
  const conflicts = [];
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const part = merge(base?.[name], mine[name], theirs[name], place ? `${place}.${name}` : name);
    if (part.merged !== undefined) merged[name] = part.merged;
    conflicts.push(...part.conflicts);
  }
  return { merged, conflicts };
}

/**
 * `settings` with what another document has at these places.
 * @param {any} settings
 * @param {any} other
 * @param {string[]} places
 */
export function taking(settings, other, places) {
  const changed = structuredClone(settings);
  for (const place of places) {
    const names = place.split(".");
    const last = names.pop() ?? "";
    let [to, from] = [changed, other];
    for (const name of names) {
      to[name] ??= {};
      [to, from] = [to[name], from?.[name]];
    }
    to[last] = structuredClone(from?.[last]);
  }
  return changed;
}
