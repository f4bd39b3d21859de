import type { VNode } from 'preact';
import {
  focusFilter,
  openNeighbor,
  selectNextError,
  stopComparing,
  toggleAll,
  toggleZoom,
} from './actions.ts';
import { Button, Table } from './elements.tsx';

/** The keys that work everywhere on the page. Those of the tree are in its rows. */
const KEYS: Readonly<Record<string, readonly [what: string, act: () => void]>> = {
  '/': ['Go to the filter', focusFilter],
  j: ['Open the next trace of the list', () => openNeighbor(1)],
  k: ['Open the trace before it', () => openNeighbor(-1)],
  n: ['Select the next error', selectNextError],
  z: ['Zoom to the selected span, or zoom out', toggleZoom],
  c: ['Collapse or expand all', toggleAll],
  Escape: ['Leave the comparison', stopComparing],
  '?': ['Show these keys', showKeys],
};
const ROW_KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['↑ ↓ Home End', 'Go to another row of the timeline'],
  ['→ ←', 'Expand or collapse the row'],
  ['Enter', 'Select the span'],
];
const DIALOG_ID = 'keys';

function dialog(): HTMLDialogElement | null {
  return document.getElementById(DIALOG_ID) as HTMLDialogElement | null;
}

export function showKeys(): void {
  dialog()?.showModal();
}

export function KeysDialog(): VNode {
  const keys = Object.entries(KEYS).map(([key, [what]]) => [key, what] as const);
  return (
    <dialog id={DIALOG_ID} class="card" aria-label="Keys">
      <div class="stack">
        <Table
          caption="Keys"
          className=""
          rows={[...keys, ...ROW_KEYS].map(([key, what]) => [<kbd>{key}</kbd>, what])}
        />
        <Button label="Close" onClick={() => dialog()?.close()} />
      </div>
    </dialog>
  );
}

export function listenForKeys(): void {
  document.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const [, act] = (Object.hasOwn(KEYS, key) ? KEYS[key] : undefined) ?? [];
    const isElsewhere = dialog()?.open || (target instanceof Element && target.matches('input, select'));
    if (act === undefined || isElsewhere || altKey || ctrlKey || metaKey) return;
    event.preventDefault();
    act();
  });
}
