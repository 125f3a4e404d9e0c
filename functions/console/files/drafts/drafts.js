// What somebody changed and has not saved: kept in this browser over a reload, an expired sign-in and a closed tab.

/** @param {number} id */
const nameOf = (id) => `draft-${id}`;

/**
 * `{etag, before, settings, at}`: the version that it began with, as text, and what became of it. null when there is none.
 * @param {number} id
 * @returns {Draft | null}
 */
export function draftOf(id) {
  try {
    return JSON.parse(localStorage.getItem(nameOf(id)) ?? "null");
  } catch {
    return null;
  }
}

/** @param {number} id */
export const hasDraft = (id) => draftOf(id) !== null;

/**
 * Keeps what differs from what was saved last; forgets it once nothing does.
 * @param {Model} model
 */
export function keepDraft(model) {
  if (!model.isEdited) return dropDraft(model.id);
  try {
    localStorage.setItem(nameOf(model.id), JSON.stringify({ etag: model.etag, before: model.saved, settings: model.settings, at: Date.now() / 1000 }));
  } catch {
    // a browser that keeps nothing: leaving asks instead
    return false;
  }
  return true;
}

/** @param {number} id */
export function dropDraft(id) {
  localStorage.removeItem(nameOf(id));
  return true;
}
