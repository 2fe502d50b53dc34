import { span } from './format.js';

const choice = document.getElementById('timeframe');
const form = document.getElementById('range');
const fields = [form.elements.from, form.elements.until];
const problem = document.getElementById('range-problem');

/** The range that was asked for by hand, once there is one. */
let range;

/**
 * Calls back whenever another timeframe is chosen.
 *
 * @param {() => { from: string, until: string } | undefined} shown what the page shows now
 */
export function onTimeframe(changed, shown) {
  choice.addEventListener('change', () => {
    const custom = chosen().value === 'custom';
    form.hidden = !custom;
    if (!custom) return changed();
    const { from, until } = range ?? shown() ?? lastHour();
    fields[0].value = written(from);
    fields[1].value = written(until);
    fields[0].focus();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const moments = fields.map(({ value }) => read(value));
    const wrong = wrongWith(moments);
    tell(wrong);
    if (wrong) return fields[moments[0] ? 1 : 0].focus();
    range = { from: moments[0].toISOString(), until: moments[1].toISOString() };
    changed();
  });
}

/** What is asked for now: what the service is sent, and what a person calls it. */
export function timeframe() {
  const { value, dataset } = chosen();
  if (value !== 'custom')
    return { query: new URLSearchParams({ hours: value }), name: dataset.name };
  // Until a range is given, what was shown before goes on.
  if (!range) return undefined;
  return { query: new URLSearchParams(range), name: span(range.from, range.until) };
}

function wrongWith([from, until]) {
  if (!from || !until) return 'Write both times as in 2026-11-28 14:30.';
  // Whether it is in the future is for the service to say, by its clock.
  if (from >= until) return 'The range must begin before it ends.';
  return undefined;
}

function tell(wrong) {
  problem.textContent = wrong ?? '';
  problem.hidden = !wrong;
  for (const field of fields) field.ariaInvalid = String(Boolean(wrong));
}

const chosen = () => choice.querySelector('input:checked');

/** A time of this browser's zone; a field of the browser's would have its locale. */
function read(text) {
  const parts = /^(\d{4})-(\d\d?)-(\d\d?)[ T](\d\d?):(\d\d)$/.exec(text.trim());
  if (!parts) return undefined;
  const [year, month, day, hour, minute] = parts.slice(1).map(Number);
  const date = new Date(year, month - 1, day, hour, minute);
  return date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60
    ? date
    : undefined;
}

function written(time) {
  const date = new Date(time);
  const two = (value) => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

function lastHour() {
  const now = Date.now();
  return { from: now - 3_600_000, until: now };
}
