/** The language of the pages, whatever that of the browser is. */
const LOCALE = 'en';
const TIME = { hour: '2-digit', minute: '2-digit' };
const DAY = { month: 'short', day: 'numeric' };
const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

const counts = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const percents = new Intl.NumberFormat(LOCALE, {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const compact = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 });

export const count = (value) => counts.format(value);

/** For an axis: 1.2K rather than 1,200. */
export const shortCount = (value) => (Number.isInteger(value) ? compact.format(value) : '');

/** A share as a percentage; never rounded up to a 100% that was not reached. */
export function percent(share) {
  if (share == null) return '–';
  return share === 1 ? '100%' : percents.format(Math.min(share, 0.999));
}

/** Three digits are as many as a duration can be trusted for. */
export function duration(milliseconds) {
  if (milliseconds == null) return '–';
  if (milliseconds >= 1000) return `${digits(milliseconds / 1000)} s`;
  return `${digits(milliseconds)} ms`;
}

/** For an axis, whose steps are round. */
export function shortDuration(milliseconds) {
  return milliseconds >= 1000 ? `${milliseconds / 1000} s` : `${milliseconds} ms`;
}

function digits(value) {
  if (value === 0) return '0';
  return value.toFixed(value < 1 ? 2 : value < 100 ? 1 : 0);
}

/** What tells the points of a timeframe apart: times within a day or so, else days too. */
export function moment(date, hours) {
  const options = hours <= 24 ? TIME : hours <= 168 ? { ...DAY, ...TIME } : DAY;
  return text(date, options);
}

export const dayAndTime = (date) => text(date, { ...DAY, ...TIME });
export const clock = (date) => text(date, { ...TIME, second: '2-digit' });

/** From one moment to another: `Nov 28, 10:00 – 12:00`. */
export function span(from, until) {
  const day = (date) => text(date, { ...DAY, year: 'numeric' });
  const end = day(from) === day(until) ? text(until, TIME) : dayAndTime(until);
  return `${dayAndTime(from)} – ${end}`;
}

/** How long a step is: `30 minutes`, `1 day`. */
export function interval(seconds) {
  const [length, unit] = UNITS.find(([each]) => seconds >= each) ?? UNITS.at(-1);
  return plural(Math.round(seconds / length), unit);
}

/** How long there is to wait, in the two largest units: `23 hours 59 minutes`. */
export function wait(seconds) {
  const first = UNITS.findIndex(([each]) => seconds >= each);
  if (first === -1) return 'a moment';
  const parts = [];
  let rest = Math.ceil(seconds);
  for (const [length, unit] of UNITS.slice(first, first + 2)) {
    const many = Math.floor(rest / length);
    rest -= many * length;
    if (many > 0) parts.push(plural(many, unit));
  }
  return parts.join(' ');
}

export const plural = (many, unit) => `${count(many)} ${unit}${many === 1 ? '' : 's'}`;

/** Where the times of this page are: `Europe/Berlin, GMT+1`. */
export function zone(date = new Date()) {
  const { timeZone } = new Intl.DateTimeFormat(LOCALE).resolvedOptions();
  const { value } = new Intl.DateTimeFormat(LOCALE, { timeZoneName: 'short' })
    .formatToParts(date)
    .find(({ type }) => type === 'timeZoneName');
  return value === timeZone ? value : `${timeZone}, ${value}`;
}

function text(date, options) {
  return new Date(date).toLocaleString(LOCALE, { ...options, hourCycle: 'h23' });
}

/** The ends of an id that is too long for a table. */
export function shortId(id) {
  return id.length > 20 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id;
}

/** `DECRYPTION_FAILED` as a person would write it. */
export function words(code) {
  const text = code
    .toLowerCase()
    .replaceAll(/[_-]/g, ' ')
    .replace('kms', 'KMS')
    .replace(/\bpin\b/, 'PIN');
  return text[0].toUpperCase() + text.slice(1);
}
