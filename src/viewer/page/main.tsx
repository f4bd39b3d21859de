import { options, render } from 'preact';
import { terminalSafeLines } from '../../util/terminal-safe.ts';
import { TraceStore } from '../trace-store.ts';
import { showTraces } from './actions.ts';
import { App } from './app.tsx';
import { connection } from './connection.tsx';
import { markMatches } from './highlight-matches.ts';
import { listenForKeys } from './keys.tsx';
import { leftOut, refresh } from './state.ts';
import { type PageData, ServedTraces } from './trace-source.ts';

showHiddenCharacters();
const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
document.body.replaceChildren();
if (data.live === true) showLive();
else showContained(data);
listenForKeys();
render(<App />, document.body);
markMatches();

function showContained({ spans, omitted }: PageData): void {
  const store = new TraceStore({ isLive: false });
  store.add(spans);
  leftOut.value = omitted;
  showTraces(store, () => undefined);
}

function showLive(): void {
  const source = new ServedTraces();
  const lost = (isRefused: unknown): void => {
    connection.value = isRefused === true ? 'refused' : 'lost';
  };
  connection.value = 'live';
  showTraces(source, lost);
  const changed = async (): Promise<void> => {
    await refresh(source);
    connection.value = 'live';
  };
  source.watch(() => void changed().catch(lost), lost);
}

/** Makes characters visible that reverse, hide or move text, in every text and attribute. Preact parses no HTML. */
function showHiddenCharacters(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const { type, props } = vnode as { readonly type: unknown; readonly props: unknown };
    // The node of a text has no type, and its `props` are the text itself.
    if (typeof props === 'string') Object.assign(vnode, { props: terminalSafeLines(props) });
    else if (typeof type === 'string') {
      for (const [name, value] of Object.entries(vnode.props))
        if (typeof value === 'string') Object.assign(vnode.props, { [name]: terminalSafeLines(value) });
    }
    before?.(vnode);
  };
}
