import { shortId } from './format.js';

export const number = (content, bad = false) => ({
  content,
  className: bad ? 'number bad' : 'number',
});

/** A name with a patch of the colour that a chart has for it. */
export const colored = (content, color) => ({ content, color });

/** An id, cut if it is long, with a button that copies all of it. @param kind `key`, `device`, `user` */
export const id = (value, kind) => ({ value, kind });

/** Device ids and the like are chosen by callers: they become text, never markup. */
export function fill(table, rows, empty) {
  const body = table.tBodies[0];
  const state = JSON.stringify([rows, empty]);
  // What has not changed stays as it is, with what is focused or selected in it.
  if (body.dataset.state === state) return;
  body.dataset.state = state;
  const focused = positionOf(body, document.activeElement);
  const columns = table.tHead.rows[0].cells.length;
  body.replaceChildren(...(rows.length > 0 ? rows.map(rowOf) : [emptyRow(empty, columns)]));
  if (focused) focusAt(body, focused);
}

/** An element with an id, for outside of tables, too. */
export function idElement({ value, kind }) {
  const code = element('code', { textContent: shortId(value) });
  const shown = LINKED.has(kind)
    ? element('a', { href: `subject?${new URLSearchParams({ kind, id: value })}` }, code)
    : code;
  if (shortId(value) !== value) shown.title = value;
  return element('span', { className: 'id' }, shown, copyButton(value, kind));
}

const LINKED = new Set(['device', 'user']);

function rowOf(cells) {
  return element('tr', {}, ...cells.map(cellOf));
}

function cellOf(cell) {
  if (cell == null) return element('td', { textContent: '–', className: 'none' });
  if (typeof cell !== 'object') return element('td', { textContent: cell });
  if (cell.value !== undefined) return element('td', {}, idElement(cell));
  const { content, className = '', color } = cell;
  if (!color) return element('td', { textContent: content, className });
  const patch = element('i', { className: 'patch' });
  patch.style.backgroundColor = `var(--${color})`;
  return element('td', {}, patch, content);
}

function emptyRow(message, columns) {
  return element(
    'tr',
    {},
    element('td', { className: 'none', colSpan: columns, textContent: message }),
  );
}

function copyButton(value, kind) {
  const button = element('button', { type: 'button', className: 'copy', title: 'Copy' });
  button.setAttribute('aria-label', `Copy the ${kind} ${value}`);
  button.addEventListener('click', () => copy(value, button));
  return button;
}

async function copy(value, button) {
  const copied = await navigator.clipboard?.writeText(value).then(
    () => true,
    () => false,
  );
  // Without TLS there is no clipboard for scripts: what is selected can be copied.
  const done = copied || copySelected(value);
  button.classList.toggle('done', done);
  document.getElementById('copied').textContent = done ? 'Copied.' : `Copy it by hand: ${value}`;
  setTimeout(() => {
    button.classList.remove('done');
    document.getElementById('copied').textContent = '';
  }, 2000);
}

function copySelected(value) {
  const field = element('textarea', { value, className: 'unseen' });
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  return done;
}

/** Which row, and which of what can be focused in it. */
function positionOf(body, active) {
  if (!body.contains(active)) return undefined;
  const row = active.closest('tr');
  return { row: row.rowIndex, place: [...row.querySelectorAll('a, button')].indexOf(active) };
}

function focusAt(body, { row, place }) {
  const target = [...body.rows].find(({ rowIndex }) => rowIndex === row) ?? body.rows[0];
  target?.querySelectorAll('a, button')[place]?.focus();
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
