import { options, render } from 'preact';
import { terminalSafeLines } from '../shared/terminal-safe.ts';

import { App } from './app.tsx';
import { markMatches } from './highlight-matches.ts';
import { listenForKeys } from './keys.tsx';
import { receiveTraces } from './live-traces.tsx';
import { isLive } from './state.ts';

showHiddenCharacters();
document.body.replaceChildren();
document.documentElement.classList.toggle('live', isLive);
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
