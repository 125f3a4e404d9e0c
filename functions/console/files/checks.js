// What a campaign lacks before it can be active, told as one types. The application checks again, and more, when saving.

const ACTIONS = { person_invited: "Person invited", person_referring: "Person referring" };

export function findMissing(settings) {
  const missing = [];
  if (!settings.name.trim()) missing.push("name");
  for (const audience of Object.keys(ACTIONS)) {
    const { action, mapping } = settings[audience];
    if (action === "none") continue;
    if (!mapping.some((row) => row.from === "first_name" && row.to)) missing.push(`${audience}.mapping`);
    if (!mapping.some((row) => row.from === "email" && row.to === "email")) missing.push(`${audience}.mapping`);
  }
  const trigger = settings.qualification?.trigger;
  if (trigger?.kind === "attribute" && (!trigger.attribute || !trigger.qualified_values.length)) missing.push("qualification.trigger");
  const { mode, source, mapping } = settings.sync;
  if (mode !== "off") {
    if (["segments", "tags"].includes(source.kind) && !source.ids.length) missing.push("sync.source.ids");
    for (const to of ["first_name", "email"]) if (!mapping.some((row) => row.to === to && row.from)) missing.push("sync.mapping");
  }
  return missing;
}
