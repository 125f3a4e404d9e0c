// The tab Sync: which of Intercom's contacts get a referral link, and how often.

import { attributeField, attributeSelect, refreshBar } from "../parts/attribute_select.js";
import { arriving, button, card, first, make } from "../parts/dom.js";
import { checkbox, field, input, radios, select } from "../parts/form.js";
import { runsCard } from "./sync_runs.js";
import { suggestButton, WRITE_BACK } from "../campaign/suggest.js";
import { formField } from "../parts/texts/fields.js";
import * as workspace from "../parts/workspace.js";
import { common } from "../parts/texts/common.js";
import { syncSettings as texts } from "../parts/texts/sync.js";

const INTERVALS = [5, 10, 15, 30, 60, 120, 360, 720, 1440];
/** @param {Model} model */
export function syncTab(model) {
  const section = model.settings.sync;
  const details = make("div", {});
  const modes = texts.modes;
  const choose = (/** @type {Api.Mode} */ mode) => {
    section.mode = mode;
    if (mode !== "off" && !section.mapping.length) section.mapping.push({ from: "name", to: "first_name" }, { from: "email", to: "email" });
    model.changed();
    render();
  };
  function render() {
    details.replaceChildren(...(section.mode === "off" ? [] : cards(model, section)));
  }
  render();
  return [
    card(
      texts.cardTitle,
      make("p", { className: "soft" }, texts.about),
      radios(texts.sync, section.mode, modes, choose, { place: "sync.mode" }),
    ),
    details,
    model.isNew ? null : runsCard(model.id, texts.runs, () => model.isEdited),
  ].filter(Boolean);
}

/**
 * @param {Model} model
 * @param {Api.Sync} section
 */
function cards(model, section) {
  const keep = (/** @type {keyof Api.Sync} */ name) => (/** @type {any} */ value) => {
    Object.assign(section, { [name]: value });
    model.changed();
  };
  const minutes = [...new Set([...INTERVALS, section.interval_minutes])].sort((a, b) => a - b);
  const interval = select(String(section.interval_minutes), minutes.map((each) => [String(each), each < 60 ? texts.minutes(each) : texts.hours(each / 60)]), (text) => keep("interval_minutes")(Number(text)));
  return [
    card(texts.who, source(model, section), section.mode === "ongoing" ? field(texts.every, interval, { place: "sync.interval_minutes" }) : null),
    card(texts.whatReferralFactoryGets, make("p", { className: "soft" }, texts.aboutMapping), refreshBar(model, button), rows(model, section)),
    writeBack(model, section.write_back),
    notification(section, keep("notify")),
  ];
}

/**
 * @param {Model} model
 * @param {Api.WriteBack} section
 */
function writeBack(model, section) {
  const fields = make("div", {});
  const keep = (/** @type {keyof Api.WriteBack} */ name) => (/** @type {string} */ value) => {
    section[name] = value || null;
    model.changed();
  };
  const render = () => fields.replaceChildren(...WRITE_BACK.map(([name, label, type, attribute]) => attributeField(model, label, section[name], keep(name), { place: `sync.write_back.${name}`, type, suggested: [attribute] })));
  render();
  return card(texts.whatComesBackToIntercom, fields, make("div", { className: "row" }, suggestButton(model, section, WRITE_BACK, render)));
}

/**
 * @param {Api.Sync} section
 * @param {(value: boolean) => void} keep
 */
function notification(section, keep) {
  const warning = make("p", { className: "note warn", hidden: !section.notify }, texts.notifyWarning);
  const choose = (/** @type {boolean} */ value) => {
    warning.hidden = !value;
    keep(value);
  };
  const hint = texts.notifyHint;
  return card(texts.notification, checkbox(texts.notify, section.notify, choose, { place: "sync.notify", hint }), warning);
}

/**
 * @param {Model} model
 * @param {Api.Sync} section
 */
function source(model, section) {
  const lists = make("div", { "data-place": "sync.source.ids" });
  const choices = texts.choices;
  function render() {
    const { kind } = section.source;
    if (kind !== "segments" && kind !== "tags") return lists.replaceChildren();
    const load = async () => boxes(model, section.source, await workspace[kind]());
    const place = arriving(kind, load);
    const again = button(texts.refreshTheList, () => {
      workspace.forgetLists();
      return place.refill();
    });
    return lists.replaceChildren(place, again);
  }
  render();
  const choose = (/** @type {Api.SourceKind} */ kind) => {
    section.source = { kind, ids: [] };
    model.changed();
    render();
  };
  return make("div", {}, radios(texts.whichContacts, section.source.kind, choices, choose, { place: "sync.source" }), lists);
}

/**
 * @param {Model} model
 * @param {Api.SyncSource} chosen
 * @param {Api.ListAnswer[]} found
 */
function boxes(model, chosen, found) {
  if (!found.length) return make("p", { className: "note" }, texts.none);
  const unknown = chosen.ids.filter((id) => !found.some((one) => one.id === id)).map((id) => ({ id, name: texts.notThereAnyMore(id), count: null }));
  const toggle = (/** @type {string} */ id) => (/** @type {boolean} */ on) => {
    chosen.ids = on ? [...chosen.ids, id] : chosen.ids.filter((each) => each !== id);
    model.changed();
  };
  const label = (/** @type {{ name: string, count: number | null }} */ one) => `${one.name}${one.count === null ? "" : ` – ${texts.contacts(one.count)}`}`;
  return make("fieldset", {}, make("legend", {}, texts.lists), ...[...found, ...unknown].map((one) => checkbox(label(one), chosen.ids.includes(one.id), toggle(one.id))));
}

/**
 * @param {Model} model
 * @param {Api.Sync} section
 */
function rows(model, section) {
  const list = make("div", { className: "rows", role: "group", "aria-label": texts.syncMapping, "data-place": "sync.mapping" });
  const changed = () => {
    model.changed();
    render();
  };
  const render = () =>
    list.replaceChildren(
      ...section.mapping.map((row, index) => {
        const from = attributeSelect(model, row.from, (name) => {
          row.from = name;
          model.changed();
        }, { label: texts.fromOf(index + 1), reading: true });
        const to = target(model, row, index, changed);
        const remove = button("✕", () => {
          section.mapping.splice(index, 1);
          changed();
          (list.querySelectorAll(".tools button")[Math.min(index, section.mapping.length - 1)] ?? add).focus();
        }, { className: "small", "aria-label": texts.removeOne(index + 1) });
        return make("div", { className: "map", "data-place": `sync.mapping[${index}]` }, from, make("span", { className: "arrow", "aria-hidden": "true" }, "→"), make("span", { "data-place": `sync.mapping[${index}].to` }, to), make("span", { className: "tools" }, remove));
      }),
    );
  render();
  const add = button(common.addARow, () => {
    section.mapping.push({ from: "", to: "meta." });
    changed();
    first(list, ":scope > :last-child input").focus();
  });
  return make("div", {}, list, make("div", { className: "row" }, add));
}

/**
 * @param {Model} model
 * @param {Api.MappingRow} row
 * @param {number} index
 * @param {() => void} changed
 */
function target(model, row, index, changed) {
  const labels = new Set(model.labels("person_referring"));
  const isFree = row.to.startsWith("meta.") && !labels.has(row.to.slice(5));
  const options = [["first_name", common.firstName], ["email", common.email], ...[...labels].map((label) => [`meta.${label}`, formField(label)]), ["meta.", texts.anotherFieldEntry]];
  const control = select(isFree ? "meta." : row.to, options, (to) => {
    row.to = to;
    changed();
    document.querySelector(`[aria-label="Sync row ${index + 1}: to"]`)?.focus();
  }, { "aria-label": texts.toOf(index + 1) });
  if (!isFree) return control;
  const label = input(row.to.slice(5), (text) => {
    row.to = `meta.${text}`;
    model.changed();
  }, { "aria-label": texts.labelOf(index + 1), placeholder: common.labelOfTheField });
  return make("span", {}, control, label);
}
