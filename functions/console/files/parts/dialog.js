// Questions in a window of their own: the keyboard stays in it, Escape is no.

import { button, make } from "./dom.js";
import { pressedByEnter } from "./form.js";
import { common } from "./texts/common.js";

/**
 * Opens a dialog; `choices` are `[text, value, class]`. Answers the value, null for Escape. `check` may refuse by throwing.
 * @param {string} title
 * @param {Child} content
 * @param {Array<[text: string, value: any, className?: string]>} choices
 * @param {(value: any) => unknown} [check]
 * @returns {Promise<any>}
 */
export function ask(title, content, choices, check = async () => {}) {
  return new Promise((answer) => {
    const heading = make("h2", { id: "dialog-title" }, title);
    const problem = make("p", { className: "problem", role: "alert" });
    const dialog = make("dialog", { "aria-labelledby": "dialog-title" }, heading, ...[content].flat(), problem);
    /** @type {any} */
    let given = null;
    const close = (/** @type {any} */ value) => {
      given = value;
      dialog.close();
    };
    const buttons = choices.map(([text, value, className = ""]) =>
      button(
        text,
        async () => {
          problem.textContent = "";
          try {
            close((await check(value)) ?? value);
          } catch (error) {
            if (!(error instanceof Error) || error.status === 401) throw error;
            problem.textContent = [error.message, ...(error.problem?.errors ?? []).map((each) => each.message)].join(" ");
          }
        },
        { className },
      ),
    );
    const yes = buttons.find((each) => each.classList.contains("first"));
    if (yes) pressedByEnter(dialog, yes);
    dialog.append(make("div", { className: "row end" }, ...buttons));
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(given);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/**
 * Whether the person says yes.
 * @param {string} title
 * @param {string | string[]} text
 * @param {string} yes
 * @param {string} [className]
 */
export const confirmed = async (title, text, yes, className = "first") =>
  (await ask(
    title,
    [text].flat().map((each) => make("p", {}, each)),
    [
      [common.cancel, false],
      [yes, true, className],
    ],
  )) === true;
