'use strict';

const { oneLine } = require('./output.js');

/** What ends sooner needs no bar. */
const DELAY_MS = 400;

/** What the bar shows, and how many columns that takes before the name, at most. */
const WITH_TOTAL = {
  format: '{bar} {percentage}%  {done} of {whole}  {eta_formatted} left  {name}',
  width: 65,
};
const WITHOUT_TOTAL = { format: '{done}  {duration_formatted}  {name}', width: 22 };
/** How many columns there are, where the terminal does not tell. */
const COLUMNS = 80;
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A progress bar on the terminal that standard error is; elsewhere, nothing. */
class Progress {
  #total;
  #inUnits;
  #layout;
  #done = 0;
  #name = '';
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {any} */
  #bars;
  /** @type {any} */
  #bar;

  /** @param {{ shown: boolean, total?: number, unit?: 'bytes' | 'rows' | 'objects' }} options */
  constructor({ shown, total, unit = 'bytes' }) {
    this.shown = shown;
    this.#inUnits = unit === 'bytes' ? inUnits : String;
    this.#total = total;
    this.#layout = total === undefined ? WITHOUT_TOTAL : WITH_TOTAL;
    if (shown) this.#timer = setTimeout(() => this.#show(), DELAY_MS);
  }

  /**
   * @param {number} more how many bytes, rows or objects more are done
   * @param {string} name of what is being done
   */
  add(more, name) {
    this.#done += more;
    this.#name = name;
    this.#bar?.update(this.#done, this.#payload());
  }

  /**
   * Writes a line above the bar.
   *
   * @param {string} line
   * @returns {boolean} false if there is no bar
   */
  log(line) {
    if (!this.#bars) return false;
    this.#bars.log(`${line}\n`);
    return true;
  }

  /** Takes the bar away. */
  stop() {
    clearTimeout(this.#timer);
    // Lines that are still to be written are written only with the bar.
    this.#bars?.update();
    this.#bars?.stop();
    this.#bars = undefined;
    this.#bar = undefined;
  }

  #show() {
    // Loaded here and nowhere else: without a terminal, and by the library, it is never needed.
    const { MultiBar } = loadCliProgress();
    this.#bars = new MultiBar({
      format: this.#layout.format,
      barsize: 16,
      clearOnComplete: true,
      // A bar that changed the terminal would have to be there to change it back.
      linewrap: true,
      formatTime: inTime,
      stream: process.stderr,
    });
    this.#bar = this.#bars.create(this.#total ?? 0, this.#done, this.#payload());
  }

  #payload() {
    const [done, whole] = [this.#done, this.#total ?? 0].map((number) => this.#inUnits(number));
    return { done, whole, name: fitting(this.#name, this.#layout.width) };
  }
}

/** @returns {any} it comes without types */
function loadCliProgress() {
  // @ts-ignore: TS7016
  return require('cli-progress');
}

/**
 * Returns the end of a name, as much as there is room for: a bar on two lines would not be wiped.
 *
 * @param {string} name
 * @param {number} width what stands before it
 */
function fitting(name, width) {
  const room = (process.stderr.columns || COLUMNS) - width;
  const text = oneLine(name);
  if (text.length <= room) return text;
  return room > 1 ? `…${text.slice(1 - room)}` : '';
}

/** @param {number} bytes */
function inUnits(bytes) {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}

/**
 * Returns a time as the bar shows it; at both ends it is not known.
 *
 * @param {unknown} seconds
 */
function inTime(seconds) {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return '...';
  const two = (/** @type {number} */ part) => String(Math.floor(part)).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${hours}:` : ''}${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

module.exports = { Progress };
