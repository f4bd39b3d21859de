import { options, render } from 'preact';
import { terminalSafeLines } from '../shared/terminal-safe.ts';
import { focusFilter, selectNextError, stopComparing, toggleAll, toggleZoom } from './actions.ts';
import { App } from './app.tsx';
import { markMatches } from './highlight-matches.ts';
import { receiveTraces } from './live-traces.tsx';
import { isLive } from './state.ts';

/** The keys that work everywhere on the page. Those of the tree are in its rows. */
const KEYS: Readonly<Record<string, () => void>> = {
  '/': focusFilter,
  n: selectNextError,
  c: toggleAll,
  z: toggleZoom,
  Escape: stopComparing,
};

showHiddenCharacters();
document.body.replaceChildren();
if (isLive) void receiveTraces();
listenForKeys();
render(<App />, document.body);
markMatches();

/** Makes characters visible that reverse, hide or move text, in all texts and attributes on the page. */
function showHiddenCharacters(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const { type, props } = vnode as { readonly type: unknown; readonly props: unknown };
    // Text nodes have no type, and their `props` are the text.
    if (typeof props === 'string') Object.assign(vnode, { props: terminalSafeLines(props) });
    else if (typeof type === 'string') {
      for (const [name, value] of Object.entries(vnode.props))
        if (typeof value === 'string') Object.assign(vnode.props, { [name]: terminalSafeLines(value) });
    }
    before?.(vnode);
  };
}

function listenForKeys(): void {
  document.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    const act = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    const isWriting = target instanceof Element && target.matches('input, select');
    if (act === undefined || isWriting || altKey || ctrlKey || metaKey) return;
    event.preventDefault();
    act();
  });
}
