// Two people saved the same campaign: what only one of them changed is kept; where both did, a person chooses.

import { ask } from "../parts/dialog.js";
import { diffTable } from "../parts/diff.js";
import { make } from "../parts/dom.js";
import { merge, taking } from "./merge.js";
import { complete } from "../campaign/settings_model.js";

/** Answers the settings to go on with, and whether to save them at once; null to go on editing as before. */
export async function resolveConflict(current, before, mine) {
  if (!current) {
    const text = "These settings are no longer there. You can save yours as new ones.";
    const save = await ask("Saved by nobody any more", make("p", {}, text), [
      ["Go on editing", null],
      ["Save mine", true, "first"],
    ]);
    return save ? { settings: mine, save: true } : null;
  }
  const theirs = complete(current.document);
  const { merged, conflicts } = merge(before, mine, theirs);
  if (JSON.stringify(merged) === JSON.stringify(theirs)) return { settings: theirs, save: false }; // mine is in it already
  const heads = [`Theirs, version ${current.version}`, "Yours"];
  if (!conflicts.length) {
    const content = [make("p", {}, "They changed other settings than you. Both are kept."), diffTable(theirs, merged, [heads[0], "Both together"])];
    const save = await ask("Somebody else saved in between", content, [
      ["Look at it first", false],
      ["Save both", true, "first"],
    ]);
    return save === null ? null : { settings: merged, save };
  }
  const content = [
    make("p", {}, conflicts.length === 1 ? "You both changed one thing. Everything else of you both is kept." : `You both changed ${conflicts.length} things. Everything else of you both is kept.`),
    diffTable(taking(merged, theirs, conflicts), merged, heads),
  ];
  const choice = await ask("Somebody else saved in between", content, [
    ["Go on editing", null],
    ["Take theirs there", "theirs"],
    ["Take mine there, and save", "mine", "first"],
  ]);
  if (choice === "theirs") return { settings: taking(merged, theirs, conflicts), save: false };
  return choice === "mine" ? { settings: merged, save: true } : null;
}
