// Two people saved the same campaign: both versions, and the choice.

import { ask } from "../parts/dialog.js";
import { diffTable } from "../parts/diff.js";
import { make } from "../parts/dom.js";
import { complete } from "./settings_model.js";

/** Answers `theirs`, `mine`, or null to go on editing. */
export function showConflict(problem, mine) {
  if (!problem.current) {
    const text = "These settings are no longer there. You can save yours as new ones.";
    return ask("Saved by nobody any more", make("p", {}, text), [
      ["Go on editing", null],
      ["Save mine", "mine", "first"],
    ]);
  }
  const { version, document } = problem.current;
  const content = [make("p", {}, problem.detail), diffTable(complete(document), mine, [`Theirs, version ${version}`, "Yours"])];
  return ask("Somebody else saved in between", content, [
    ["Go on editing", null],
    [`Drop mine, take version ${version}`, "theirs"],
    ["Save mine as the next version", "mine", "first"],
  ]);
}
