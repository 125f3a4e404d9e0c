// A whole list as a file. The application makes the text, with no cell that a spreadsheet would run.

import { ApiError } from "./api.js";
import { make, say } from "./dom.js";
import { ready } from "./signin.js";
import { common } from "./texts/common.js";
import { saveTable as texts } from "./texts/shell.js";

/**
 * @param {string} path
 * @param {string} name
 */
export async function saveTable(path, name) {
  /** @type {string[]} */
  const pages = [];
  /** @type {string | undefined} */
  let next = `${path}${path.includes("?") ? "&" : "?"}limit=1000`;
  while (next) {
    const response = await fetch(next, { headers: { Accept: "text/csv", Authorization: `Bearer ${(await ready())?.token ?? ""}` } });
    if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => ({})));
    const text = await response.text();
    pages.push(pages.length ? text.replace(/^\ufeff/, "").replace(/^.*\r\n/, "") : text);
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
    say(texts.reading(pages.length * 1000), "wait");
  }
  const file = URL.createObjectURL(new Blob([pages[0].startsWith("\ufeff") ? "" : "\ufeff", ...pages], { type: "text/csv;charset=utf-8" }));
  make("a", { href: file, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
  say(common.inYourDownloads);
}
