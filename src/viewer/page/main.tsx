import { render } from 'preact';
import { showTraces } from './actions.ts';
import { App } from './app.tsx';
import { connection } from './connection.tsx';
import { markMatches } from './highlight-matches.ts';
import { listenForKeys } from './keys.tsx';
import { showHiddenCharacters } from './safe-text.ts';
import { refresh } from './state.ts';
import { ContainedTraces, type PageData, ServedTraces } from './trace-source.ts';

showHiddenCharacters();
const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
document.body.replaceChildren();
if (data.live === true) showLive();
else showTraces(new ContainedTraces(data), () => undefined);
listenForKeys();
render(<App />, document.body);
markMatches();

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
