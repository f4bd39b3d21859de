import type { VNode } from 'preact';
import { focusFilter, selectNextError, toggleAll } from './actions.ts';
import { toggleZoom } from './time-axis.ts';

/** The keys of the page with their meanings. Keys that work everywhere also have their action here. */
const KEYS: readonly (readonly [keys: string, meaning: string, act?: () => void])[] = [
  ['/', 'filter by name, id or words of a message', focusFilter],
  ['n', 'next error', selectNextError],
  ['c', 'collapse or expand all spans', toggleAll],
  ['z', 'show the time of the current span, or all of it; dragging across bars does the same', toggleZoom],
  ['↑ ↓ Home End', 'move in the timeline'],
  ['← →', 'collapse and expand a span, or change the tab'],
  ['Enter', 'show the span'],
  ['Esc', 'close what covers the page'],
  ['?', 'this list', showKeys],
];

const DIALOG_ID = 'keys';

export function showKeys(): void {
  (document.getElementById(DIALOG_ID) as HTMLDialogElement | null)?.showModal();
}

export function KeyList(): VNode {
  return (
    <dialog class="keys card stack" id={DIALOG_ID} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl class="story stack">
        {KEYS.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={({ currentTarget }) => currentTarget.closest('dialog')?.close()}>
        Close
      </button>
    </dialog>
  );
}

/** Listens for keys. They are ignored while the reader types in a field or a dialog is open. */
export function listenForKeys(): void {
  document.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const act = KEYS.find(([keys]) => keys === key)?.[2];
    const isWriting = target instanceof Element && target.matches('input:not([type=checkbox])');
    if (act === undefined || isWriting || altKey || ctrlKey || metaKey) return;
    if (document.querySelector('dialog[open]') !== null) return;
    event.preventDefault();
    act();
  });
}
