// A person's rights: everything stored about an e-mail address as a file, and erasing it.

import { send } from "../parts/api.js";
import { confirmed } from "../parts/dialog.js";
import { button, make, say } from "../parts/dom.js";

export function rightsOf(email, done) {
  const take = button("Export this person", async () => {
    const file = URL.createObjectURL(new Blob([JSON.stringify(await send("/api/people/export", { email }), null, 1)], { type: "application/json" }));
    make("a", { href: file, download: "person.json" }).click();
    setTimeout(() => URL.revokeObjectURL(file), 10_000);
    say("The file is in your downloads.");
  });
  const erase = button("Erase this person", async () => {
    const text = [
      `Everything stored here about ${email} is deleted: name, address, links and answers, in every campaign. It cannot be undone.`,
      "Nothing brings the person back but a signup of their own.",
      "The contact in Intercom and the user in Referral Factory are not deleted: do that there. Backups keep a copy for 35 days.",
    ];
    if (!(await confirmed("Erase this person?", text, "Erase", "danger"))) return;
    say((await send("/api/people/erase", { email })).message);
    await done();
  }, { className: "danger" });
  return [take, erase];
}
