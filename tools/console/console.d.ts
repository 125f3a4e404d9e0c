// Types that several of the console's scripts name.

/** What a template takes for a part. */
type Part = import("preact").VNode | string | number | null | undefined | false | Part[];
/** What `make` takes for a child. */
type Child = Node | Part | Child[];
/** One entry of a choice: its value, its text, and why it cannot be chosen or what it means. */
type Choice = any[];
/** A badge: its text, and its kind. */
type Badge = [text: string, kind: string];
/** Something to say about a place of the settings. */
type Remark = { place: string; message: string };
/** A series of a chart: its name, its class, and its value of a day. */
type Series<D> = [name: string, kind: string, value: (day: D) => number];
/** What Activity is narrowed to; "" is everything. */
type Filter = Record<"group" | "converted" | "show" | "campaign_id" | "audience" | "text" | "from" | "to" | "zone" | "reason", string>;
/** An attribute that something is to be written to, and the type to create it with. */
type Wanted = [to: string, type: string];
type Scalar = string | number | boolean;
type Settings = Api.CampaignSettings;
/** One person, as the list of Activity has them. */
type Person = Api.ReferralAnswer;
type Model = import("../../functions/console/files/campaign/settings_model.js").SettingsModel;
/** What a refusal says, RFC 9457; `errors` at their places, `current` what somebody else saved meanwhile. */
type Problem = { title?: string; detail?: string; errors?: Remark[]; current?: Api.Current | null };
/** A page of the shell; `unsaved` and `left` say what leaving it means, `moved` whether it goes to another address by itself. */
type Page = {
  title: string;
  content: Child[];
  wide?: boolean;
  unsaved?: () => boolean;
  left?: () => string;
  moved?: (address: Address) => boolean;
  after?: () => void;
};
type Address = { name: string; parts: string[]; query: Record<string, string> };

type PickerEntry = { value?: string; text: string; hint?: string; why?: string; take?: () => unknown; className?: string };
type PickerOptions = {
  value: string | null | undefined;
  groups: () => Array<{ group: string; options: PickerEntry[] }>;
  textOf: (value: string) => string;
  choose: (value: string) => unknown;
  create?: (text: string) => { text: string; make: () => unknown } | null;
  label?: string;
  placeholder?: string;
  clearable?: boolean;
};
type AttributeOptions = {
  empty?: string;
  only?: (one: Api.AttributeAnswer) => string;
  label?: string;
  reading?: boolean;
  tracking?: boolean;
  type?: string;
  suggested?: string[];
  clearable?: boolean;
};

/** What an ApiError has and any other error lacks. */
interface Error {
  status?: number;
  problem?: Problem;
  absent?: boolean;
}

// The console looks for elements of HTML only.
interface ParentNode {
  querySelector<K extends keyof HTMLElementTagNameMap>(selectors: K): HTMLElementTagNameMap[K] | null;
  querySelector(selectors: string): HTMLElement | null;
  querySelectorAll<K extends keyof HTMLElementTagNameMap>(selectors: K): NodeListOf<HTMLElementTagNameMap[K]>;
  querySelectorAll(selectors: string): NodeListOf<HTMLElement>;
}
interface Element {
  closest<K extends keyof HTMLElementTagNameMap>(selector: K): HTMLElementTagNameMap[K] | null;
  closest(selectors: string): HTMLElement | null;
}

/** What somebody changed and has not saved. */
type Draft = { etag: string | null; before: string; settings: Settings; at: number };
/** A campaign's page, with what its parts may ask of it. */
type CampaignPage = HTMLElement & { save?: (status: Settings["status"]) => Promise<unknown>; showRemarks?: (remarks: Remark[], kind: string) => void };

/** The texts of one page: sentences, rows of choices, words by the application's names, and sentences with something in them. */
type Texts = Record<string, string | string[] | Choice[] | Record<string, any> | ((...values: any[]) => string)>;
