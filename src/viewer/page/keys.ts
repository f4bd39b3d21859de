import { focusFilter, selectNextError, toggleAll, toggleZoom } from './actions.ts';

/** The keys that work everywhere on the page. Those of the tree are in its rows. */
const KEYS: Readonly<Record<string, () => void>> = {
  '/': focusFilter,
  n: selectNextError,
  c: toggleAll,
  z: toggleZoom,
};

export function listenForKeys(): void {
  document.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const act = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    const isWriting = target instanceof Element && target.matches('input');
    if (act === undefined || isWriting || altKey || ctrlKey || metaKey) return;
    event.preventDefault();
    act();
  });
}
