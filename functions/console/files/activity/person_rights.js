// A person's rights: everything stored about an e-mail address as a file, and erasing it.

import { send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { make, say } from "../parts/dom.js";
import { common } from "../parts/texts/common.js";
import { personRights as texts } from "../parts/texts/activity.js";
import { button } from "../parts/view.js";

/**
 * @param {string} email
 * @param {() => unknown} done
 */
export function rightsOf(email, done) {
  const take = button(texts.exportPerson, async () => {
    const file = URL.createObjectURL(new Blob([JSON.stringify(await send("/api/people/export", { email }), null, 1)], { type: "application/json" }));
    make("a", { href: file, download: "person.json" }).click();
    setTimeout(() => URL.revokeObjectURL(file), 10_000);
    say(common.inYourDownloads);
  });
  const erase = button(texts.erasePerson, async () => {
    const text = [
      texts.everythingIsDeleted(email),
      texts.whatBringsThemBack,
      texts.notDeletedElsewhere,
    ];
    if (!(await confirmed(texts.eraseQuestion, text, common.erase, "danger"))) return;
    say((await send("/api/people/erase", { email })).message);
    await done();
  }, { className: "danger" });
  return [take, erase];
}
