// Small pictures in SVG. Each has a text beside it that says the same.

import { duration, number } from "../parts/texts/numbers.js";
import { charts as texts } from "../parts/texts/shell.js";
import { html } from "../parts/view.js";

const WIDTH = 640;
const HEIGHT = 180;
const [LEFT, BOTTOM, TOP] = [52, 24, 10];

/**
 * Days as pairs of bars. `series`: `[name, class, value of a day]`. `hrefOf` a day: where a click goes; `width`: of a chart over the whole page.
 * @template {{ day: string }} D
 * @param {D[]} days
 * @param {Series<D>[]} series
 * @param {string} title
 * @param {{ hrefOf?: (day: D) => string, width?: number }} [more]
 */
export function dayBars(days, series, title, { hrefOf, width = WIDTH } = {}) {
  const most = Math.max(4, ...days.flatMap((day) => series.map(([, , value]) => value(day))));
  const step = (width - LEFT) / Math.max(1, days.length);
  const wide = Math.min(26, (step * 0.7) / series.length);
  /** @param {number} value */
  const y = (value) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - TOP);
  const bars = days.flatMap((day, index) =>
    series.map(([name, kind, value], place) => {
      const count = value(day);
      const x = LEFT + index * step + (step - wide * series.length) / 2 + place * wide;
      return html`<rect x=${x} y=${y(count)} width=${Math.max(1, wide - 2)} height=${HEIGHT - BOTTOM - y(count)} class=${kind} rx="2"><title>${day.day}: ${number(count)} ${name}</title></rect>`;
    }),
  );
  const links = hrefOf ? days.map((day, index) => dayLink(day, series, hrefOf(day), LEFT + index * step, step)) : [];
  return figure(title, [...axis(most, y, number, width), ...bars, ...dates(days, step), ...links], series.map(([name, kind]) => [name, kind]), width, links.length ? "group" : "img");
}

/**
 * The whole height of a day can be clicked; what it says is what the pointer reads.
 * @template {{ day: string }} D
 * @param {D} day
 * @param {Series<D>[]} series
 * @param {string} href
 * @param {number} x
 * @param {number} width
 */
function dayLink(day, series, href, x, width) {
  const words = `${day.day}: ${series.map(([name, , value]) => `${number(value(day))} ${name}`).join(", ")}`;
  return html`<a key=${day.day} href=${href} aria-label=${words}><rect x=${x} y="0" width=${width} height=${HEIGHT - BOTTOM} class="day"><title>${words}</title></rect></a>`;
}

/**
 * A small row of bars without an axis. `most` makes several comparable.
 * @param {number[]} values
 * @param {number} most
 * @param {string} title
 */
export function spark(values, most, title) {
  const step = 100 / Math.max(1, values.length);
  const bars = values.map((value, index) => html`<rect x=${index * step} y=${24 - (22 * value) / most} width=${Math.max(0.4, step * 0.75)} height=${(22 * value) / most} class="series-b" />`);
  const label = texts.sparkLabel(title, values.reduce((sum, value) => sum + value, 0));
  return html`<svg viewBox="0 0 100 25" preserveAspectRatio="none" class="spark" role="img" aria-label=${label}><line x1="0" x2="100" y1="24" y2="24" class="rule" />${bars}</svg>`;
}

/**
 * Days as lines on a logarithmic scale of seconds. Days without a value are gaps.
 * @template {{ day: string }} D
 * @param {D[]} days
 * @param {Array<[name: string, kind: string, value: (day: D) => number | null]>} series
 * @param {string} title
 */
export function dayLines(days, series, title) {
  const ticks = [1, 10, 60, 600, 1800];
  const top = Math.log(3600);
  /** @param {number} value */
  const y = (value) => HEIGHT - BOTTOM - (Math.log(Math.max(1, Math.min(value, 3600))) / top) * (HEIGHT - BOTTOM - TOP);
  const step = (WIDTH - LEFT) / Math.max(1, days.length);
  const lines = series.flatMap(([name, kind, value]) => {
    const points = days.flatMap((day, index) => {
      const at = value(day);
      return at === null ? [] : [{ x: LEFT + (index + 0.5) * step, at, day: day.day }];
    });
    const dots = points.map(({ x, at, day }) => html`<circle cx=${x} cy=${y(at)} r="4" class=${kind}><title>${day}: ${name} ${duration(at)}</title></circle>`);
    return [html`<polyline points=${points.map(({ x, at }) => `${x},${y(at)}`).join(" ")} class="line ${kind}" />`, ...dots];
  });
  const rules = ticks.flatMap((tick) => rule(y(tick), duration(tick)));
  return figure(title, [...rules, ...lines, ...dates(days, step)], series.map(([name, kind]) => [name, kind]));
}

/**
 * How much of a limit is used.
 * @param {number} used
 * @param {number | null} cap
 */
export function gauge(used, cap) {
  const share = cap ? Math.min(1, used / cap) : 0;
  return html`
    <svg viewBox="0 0 100 8" preserveAspectRatio="none" class="bar thin" aria-hidden="true">
      <rect width="100" height="8" class="bar-ground" />
      <rect width=${100 * share} height="8" class=${share > 0.85 ? "bar-warn" : "bar-step step-1"} />
    </svg>`;
}

/**
 * @param {number} most
 * @param {(value: number) => number} y
 * @param {(value: number) => string} words
 * @param {number} width
 */
function axis(most, y, words, width) {
  const step = Math.max(1, Math.ceil(most / 4));
  const ticks = [];
  for (let tick = 0; tick <= most; tick += step) ticks.push(tick);
  return ticks.flatMap((tick) => rule(y(tick), words(tick), width));
}

/**
 * @param {number} y
 * @param {string} text
 * @param {number} [width]
 */
const rule = (y, text, width = WIDTH) => [
  html`<line x1=${LEFT} x2=${width} y1=${y} y2=${y} class="rule" />`,
  html`<text x=${LEFT - 6} y=${y + 4} text-anchor="end">${text}</text>`,
];

/**
 * @param {Array<{ day: string }>} days
 * @param {number} step
 */
function dates(days, step) {
  const each = Math.ceil(days.length / 7);
  return days.flatMap((day, index) => {
    const back = days.length - 1 - index;
    if (back % each !== 0) return [];
    const isLast = back === 0;
    const x = LEFT + (index + (isLast ? 1 : 0.5)) * step;
    return [html`<text x=${x} y=${HEIGHT - 6} text-anchor=${isLast ? "end" : "middle"}>${dayName(day.day)}</text>`];
  });
}

/**
 * `2026-11-05` → `Nov 5`, as people here write it.
 * @param {string} day
 */
export const dayName = (day) => new Date(`${day}T12:00`).toLocaleDateString([], { day: "numeric", month: "short" });

/** On a telephone the last days are what is seen first. @param {HTMLElement | null} view */
const atItsEnd = (view) => view && requestAnimationFrame(() => (view.scrollLeft = view.scrollWidth));

/**
 * @param {string} title
 * @param {Part[]} parts
 * @param {Array<[name: string, kind: string]>} legend
 * @param {number} [width]
 * @param {string} [role]
 */
function figure(title, parts, legend, width = WIDTH, role = "img") {
  const keys = legend.map(([name, kind]) => html`<span class="key"><svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true"><rect width="10" height="10" rx="2" class=${kind} /></svg> ${name}</span>`);
  return html`
    <figure>
      <figcaption>${keys}</figcaption>
      <div class="scroll" tabindex="0" role="group" aria-label=${title} ref=${atItsEnd}>
        <svg viewBox="0 0 ${width} ${HEIGHT}" class="chart${width > WIDTH ? " wide" : ""}" role=${role} aria-label=${title}>${parts}</svg>
      </div>
    </figure>`;
}
