import type { RefObject, VNode } from 'preact';
import { focusFilter, selectNextError, toggleAll } from './actions.ts';
import { toggleZoom } from './time-axis.ts';

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
export function KeyList({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }): VNode {
  return (
    <dialog class="keys" aria-labelledby="keys-title" ref={dialog}>
      <h2 id="keys-title">Keys</h2>
      <dl>
        {KEYS.map(([keys, meaning]) => (
          <div class="key-row" key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}

/** Calls an action for a key, unless the reader writes something or a dialog is open. */
export function listenForKeys(showKeys: () => void): void {
  const actions: Readonly<Record<string, () => void>> = {
    '/': focusFilter,
    n: selectNextError,
    c: toggleAll,
    z: toggleZoom,
    '?': showKeys,
  };
  document.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const isWriting =
      target instanceof Element && target.matches('input:not([type=checkbox]), textarea, [contenteditable]');
    if (isWriting || altKey || ctrlKey || metaKey || !Object.hasOwn(actions, key)) return;
    if (document.querySelector('dialog[open]') !== null) return;
    event.preventDefault();
    actions[key]?.();
  });
}
