import type { VNode } from 'preact';
import { focusFilter, selectNextError, toggleAll, toggleZoom } from './actions.ts';
import { Table } from './elements.tsx';

/** The keys of the page with their meanings. Keys that work everywhere also have their action here. */
const KEYS: readonly (readonly [keys: string, meaning: string, act?: () => void])[] = [
  ['/', 'filter by name, id or words of a message', focusFilter],
  ['n', 'next error', selectNextError],
  ['c', 'collapse or expand all spans', toggleAll],
  ['z', 'zoom to the time of the current span, or out', toggleZoom],
  ['↑ ↓ Home End', 'move in the timeline'],
  ['← →', 'collapse and expand a span'],
  ['Enter', 'show the span'],
  ['Esc', 'close what covers the page'],
  ['?', 'this list', showKeys],
];

function showKeys(): void {
  document.getElementById('keys')?.showPopover();
}

export function KeyList(): VNode {
  return (
    <>
      <button type="button" popovertarget="keys">
        Keys
      </button>
      <div popover="auto" class="card" id="keys" role="dialog" aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <Table className="keys" rows={KEYS.map(([keys, meaning]) => [<kbd>{keys}</kbd>, meaning])} />
      </div>
    </>
  );
}

export function listenForKeys(): void {
  document.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const act = KEYS.find(([keys]) => keys === key)?.[2];
    const isWriting = target instanceof Element && target.matches('input');
    if (act === undefined || isWriting || altKey || ctrlKey || metaKey) return;
    event.preventDefault();
    act();
  });
}
