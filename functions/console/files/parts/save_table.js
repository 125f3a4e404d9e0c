// A whole list as a file. The application makes the text, with no cell that a spreadsheet would run.

import { ApiError } from "./api.js";
import { make, say } from "./dom.js";
import { ready } from "./signin.js";

export async function saveTable(path, name) {
  const texts = [];
  let next = `${path}${path.includes("?") ? "&" : "?"}limit=1000`;
  while (next) {
    const response = await fetch(next, { headers: { Accept: "text/csv", Authorization: `Bearer ${(await ready())?.token ?? ""}` } });
    if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => ({})));
    const text = await response.text();
    texts.push(texts.length ? text.replace(/^\ufeff/, "").replace(/^.*\r\n/, "") : text);
    next = /<([^>]+)>; rel="next"/.exec(response.headers.get("Link") ?? "")?.[1];
    say(`Reading… ${texts.length * 1000} rows at most so far.`, "wait");
  }
  const file = URL.createObjectURL(new Blob([texts[0].startsWith("\ufeff") ? "" : "\ufeff", ...texts], { type: "text/csv;charset=utf-8" }));
  make("a", { href: file, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
  say("The file is in your downloads.");
}
