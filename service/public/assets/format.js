const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (value) => counts.format(value);

/** For an axis: 1.2K rather than 1,200. */
export const shortCount = (value) => (Number.isInteger(value) ? compact.format(value) : '');

/** A share as a percentage; never rounded up to a 100 % that was not reached. */
export function percent(share) {
  if (share == null) return '–';
  if (share === 1) return '100 %';
  return `${Math.min(share * 100, 99.9).toFixed(1)} %`;
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
  const time = { hour: '2-digit', minute: '2-digit' };
  const day = { month: 'short', day: 'numeric' };
  const options = hours <= 24 ? time : hours <= 168 ? { ...day, ...time } : day;
  return new Date(date).toLocaleString('en', { ...options, hourCycle: 'h23' });
}

/** How long a step is: `30 minutes`, `1 day`. */
export function interval(seconds) {
  const [length, unit] = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ].find(([each]) => seconds >= each);
  const many = seconds / length;
  return `${many} ${unit}${many === 1 ? '' : 's'}`;
}

export const dayAndTime = (date) => moment(date, 168);

/** `DECRYPTION_FAILED` as a person would write it. */
export function words(code) {
  const text = code.toLowerCase().replaceAll('_', ' ').replace('kms', 'KMS');
  return text[0].toUpperCase() + text.slice(1);
}
