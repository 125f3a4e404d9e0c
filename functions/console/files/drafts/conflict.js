// Two people saved the same campaign: what only one of them changed is kept; where both did, a person chooses.

import { ask } from "../parts/dialog.js";
import { diffTable } from "../parts/diff.js";
import { make } from "../parts/dom.js";
import { merge, taking } from "./merge.js";
import { complete } from "../campaign/settings_model.js";
import { conflict as texts } from "../parts/texts/shell.js";

/**
 * Answers the settings to go on with, and whether to save them at once; null to go on editing as before.
 * @param {Api.Current | null | undefined} current
 * @param {Settings} before
 * @param {Settings} mine
 */
export async function resolveConflict(current, before, mine) {
  if (!current) {
    const text = texts.settingsAreGone;
    const save = await ask(texts.goneTitle, make("p", {}, text), [
      [texts.goOnEditing, null],
      [texts.saveMine, true, "first"],
    ]);
    return save ? { settings: mine, save: true } : null;
  }
  const theirs = complete(current.document);
  const { merged, conflicts } = merge(before, mine, theirs);
  if (JSON.stringify(merged) === JSON.stringify(theirs)) return { settings: theirs, save: false }; // mine is in it already
  const heads = [texts.theirs(current.version), texts.yours];
  if (!conflicts.length) {
    const content = [make("p", {}, texts.noConflict), diffTable(theirs, merged, [heads[0], texts.bothTogether])];
    const save = await ask(texts.title, content, [
      [texts.lookAtItFirst, false],
      [texts.saveBoth, true, "first"],
    ]);
    return save === null ? null : { settings: merged, save };
  }
  const content = [
    make("p", {}, conflicts.length === 1 ? texts.oneConflict : texts.conflicts(conflicts.length)),
    diffTable(taking(merged, theirs, conflicts), merged, heads),
  ];
  const choice = await ask(texts.title, content, [
    [texts.goOnEditing, null],
    [texts.takeTheirsThere, "theirs"],
    [texts.takeMineThere, "mine", "first"],
  ]);
  if (choice === "theirs") return { settings: taking(merged, theirs, conflicts), save: false };
  return choice === "mine" ? { settings: merged, save: true } : null;
}
