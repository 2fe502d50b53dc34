const root = document.documentElement;
const NEXT = { system: 'light', light: 'dark', dark: 'system' };
const LABEL = { system: 'Theme: system', light: 'Theme: light', dark: 'Theme: dark' };

/** Makes a button that goes through the themes, and calls back whenever the colours change. */
export function themeButton(button, onChange = () => {}) {
  apply(localStorage.getItem('theme') ?? 'system');
  button.addEventListener('click', () => apply(NEXT[button.dataset.theme]));
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
    matchMedia(query).addEventListener('change', onChange);
  }

  function apply(theme) {
    button.dataset.theme = theme;
    button.textContent = LABEL[theme];
    localStorage.setItem('theme', theme);
    if (theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme;
    onChange();
  }
}

/** A colour of the style sheet as it is now, for the canvas, which knows no variables. */
export function color(name) {
  const probe = document.createElement('i');
  // Where the system forces colours, the style sheet says which of ours are kept.
  probe.style.forcedColorAdjust = 'none';
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

export const font = () => getComputedStyle(root).fontFamily;
