// The settings being edited: complete with defaults, and who wants to know of changes.

import { readCampaign } from "../parts/api.js";
import { NEEDED } from "./sources.js";
import { description, factoryCampaigns, loadAttributes } from "../parts/workspace.js";

/** @type {Record<string, any>} */
let described = {}; // the schemas of the API's description, which hold each setting's default

/** @param {string} name */
const defaultsOf = (name) =>
  Object.fromEntries(
    Object.entries(described[name].properties)
      .filter(([, property]) => "default" in property)
      .map(([key, property]) => [key, structuredClone(property.default)]),
  );

/** Before `complete` is asked: reads what settings look like. */
export async function learnDefaults() {
  described = await description();
}

/**
 * The document with every section that it leaves out, as the application understands it.
 * @param {any} document
 * @returns {Settings}
 */
export function complete(document) {
  const blank = defaultsOf("CampaignSettings");
  const whole = { ...blank, ...structuredClone(document) };
  for (const name of ["person_invited", "person_referring", "rewards", "sync"]) whole[name] = { ...structuredClone(blank[name]), ...whole[name] };
  for (const name of ["source", "write_back"]) whole.sync[name] = { ...blank.sync[name], ...whole.sync[name] };
  if (whole.qualification) {
    const trigger = whole.qualification.trigger;
    const values = trigger.kind === "attribute" ? { ...defaultsOf("AttributeTrigger"), ...trigger } : trigger;
    whole.qualification = { ...defaultsOf("Qualification"), ...whole.qualification, trigger: values };
  }
  return whole;
}

/** @type {["person_invited", "person_referring", "sync"]} */
const MAPPED = ["person_invited", "person_referring", "sync"];
/** @param {Api.AudienceRow} row */
const isBegun = ({ from, value, to }) => Boolean(from || (value !== undefined && value !== null && value !== "") || (to && to !== "meta."));

export class SettingsModel {
  /**
   * @param {number} id
   * @param {object} document
   * @param {string | null} etag
   * @param {Awaited<ReturnType<typeof loadAttributes>>} attributes
   * @param {Api.FactoryCampaign | undefined} factory
   */
  constructor(id, document, etag, attributes, factory) {
    this.id = id;
    this.etag = etag;
    this.settings = complete({ campaign_id: id, ...document });
    this.saved = JSON.stringify(this.settings);
    this.attributes = attributes;
    this.factory = factory;
    /** @type {Array<() => unknown>} */
    this.watchers = [];
    /** @type {Array<() => unknown>} */
    this.attributeWatchers = [];
    /** @type {HTMLElement | null} */
    this.element = null;
    /** @type {Api.CampaignHealthAnswer | undefined} */
    this.health = undefined;
    /** @type {number | null} */
    this.draftAt = null; // since when there are changes that nobody saved
    this.isUnknown = false; // whether Referral Factory’s account lacks it
  }

  /**
   * The settings as they were saved last.
   * @returns {Settings}
   */
  before() {
    return JSON.parse(this.saved);
  }

  get isNew() {
    return this.etag === null;
  }

  get version() {
    return this.isNew ? 0 : Number(this.etag?.replaceAll(/\D/g, ""));
  }

  get isChanged() {
    return this.isNew || this.isEdited;
  }

  /** Whether something would be lost by leaving. */
  get isEdited() {
    return JSON.stringify(this.settings) !== this.saved;
  }

  /** What would be saved: rows that nobody has filled in are left out. */
  document() {
    const whole = structuredClone(this.settings);
    for (const name of MAPPED) whole[name].mapping = whole[name].mapping.filter(isBegun);
    return whole;
  }

  /** Turns places in `document()` as it is now into those of the rows on the page, where the empty ones stand as well. */
  pagePlaces() {
    const indexes = Object.fromEntries(MAPPED.map((name) => [name, this.settings[name].mapping.flatMap((row, index) => (isBegun(row) ? [index] : []))]));
    const there = (/** @type {string} */ place) => place.replace(/^(\w+)\.mapping\[(\d+)\]/, (_, name, index) => `${name}.mapping[${indexes[name]?.[index] ?? index}]`);
    return (/** @type {Remark[]} */ remarks) => remarks.map((each) => ({ ...each, place: there(each.place) }));
  }

  /**
   * @param {Settings} document
   * @param {string | null} etag
   */
  keep(document, etag) {
    this.etag = etag;
    this.settings = complete(document);
    this.saved = JSON.stringify(this.settings);
  }

  changed() {
    for (const watcher of this.watchers) watcher();
  }

  /** @param {() => unknown} watcher */
  onChange(watcher) {
    this.watchers.push(watcher);
  }

  /** @param {() => unknown} watcher */
  onAttributes(watcher) {
    this.attributeWatchers.push(watcher);
  }

  /** @param {boolean} fromIntercom */
  async refresh(fromIntercom) {
    this.attributes = await loadAttributes(fromIntercom);
    for (const watcher of this.attributeWatchers) watcher();
  }

  root() {
    return /** @type {HTMLElement} */ (this.element);
  }

  /**
   * Labels of the campaign form's own fields.
   * @param {string} of
   */
  labels(of) {
    const aliases = Object.values(this.settings.aliases).filter((to) => to.startsWith("meta.")).map((to) => to.slice(5));
    return [...new Set([...(this.factory?.labels?.[of] ?? []), ...aliases])];
  }
}

/**
 * The campaign's settings; a blank draft, named as Referral Factory names it, when there are none yet.
 * @param {number} id
 */
export async function loadModel(id) {
  const [, found, attributes, factory] = await Promise.all([
    learnDefaults(),
    readCampaign(id).catch((error) => {
      if (error.status !== 404) throw error;
      return { body: null, etag: null };
    }),
    loadAttributes(),
    factoryCampaigns().catch(() => []),
  ]);
  const campaign = factory.find((one) => one.id === id);
  const fresh = { name: campaign?.name ?? "", person_invited: { action: "lead", mapping: NEEDED.map(([from, to]) => ({ from, to })) } };
  const model = new SettingsModel(id, found.body ?? fresh, found.etag, attributes, campaign);
  model.isUnknown = found.body === null && factory.length > 0 && !campaign;
  return model;
}
