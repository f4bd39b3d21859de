import { element } from './element.ts';

const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ['/', 'filter by name, id or words of a message'],
  ['n', 'next error'],
  ['c', 'collapse or expand all spans'],
  ['z', 'show the time of the selected span, or all of it; dragging across bars does the same'],
  ['↑ ↓ Home End', 'move in the timeline'],
  ['← →', 'collapse and expand a span, or change the tab'],
  ['Enter', 'show the span'],
  ['Esc', 'close what covers the page'],
  ['?', 'this list'],
];

/** The keys of the page, as a dialog. */
export function keyList(): HTMLDialogElement {
  const dialog = element(
    'dialog',
    { class: 'keys', 'aria-labelledby': 'keys-title' },
    element('h2', { id: 'keys-title' }, 'Keys'),
    element(
      'dl',
      {},
      ...KEYS.map(([keys, meaning]) =>
        element(
          'div',
          { class: 'key-row' },
          element('dt', {}, element('kbd', {}, keys)),
          element('dd', {}, meaning),
        ),
      ),
    ),
    element('button', { type: 'button', click: () => dialog.close() }, 'Close'),
  );
  return dialog;
}

/** Calls an action for a key, unless the reader writes something or a dialog is open. */
export function listenForKeys(
  actions: Readonly<Record<string, () => void>>,
  dialog: HTMLDialogElement,
): void {
  document.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const isWriting =
      target instanceof Element && target.matches('input:not([type=checkbox]), textarea, [contenteditable]');
    if (isWriting || altKey || ctrlKey || metaKey || dialog.open || !Object.hasOwn(actions, key)) return;
    if (document.querySelector('dialog[open]') !== null) return;
    event.preventDefault();
    actions[key]?.();
  });
}
