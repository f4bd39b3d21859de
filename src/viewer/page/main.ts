import type { PageData } from '../viewed-trace.ts';
import { element } from './element.ts';
import { TracePage } from './page.ts';
import { ContainedTraces, ServedTraces } from './trace-source.ts';

function nothingContained(): HTMLElement {
  return element('p', { class: 'note' }, 'There are no spans.');
}

/** How to send something to the server that the page comes from. */
function howToSend(): HTMLElement {
  const command = [
    `OTEL_EXPORTER_OTLP_ENDPOINT=${location.origin} \\`,
    'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY \\',
    'node --import opentelemetry-instrumentation-openai/register app.mjs',
  ].join('\n');
  return element(
    'section',
    { class: 'overview', 'aria-label': 'No traces yet' },
    element('h2', {}, 'Waiting for traces'),
    element('p', {}, 'Start a program that calls openai, and its traces appear here as they arrive:'),
    element('pre', { tabindex: 0, 'aria-label': 'Command' }, command),
    element(
      'p',
      { class: 'dim' },
      'The second line records prompts and answers. Any other program that sends OTLP over HTTP works too.',
    ),
  );
}

async function showLive(): Promise<void> {
  const state = element('span', { class: 'badge good', role: 'status' }, 'live');
  const setState = (text: string, isGood: boolean): void => {
    if (state.textContent === text) return;
    state.textContent = text;
    state.className = `badge ${isGood ? 'good' : 'bad'}`;
  };
  const lost = (isRefused: unknown): void =>
    setState(
      isRefused === true ? 'refused: open the address that view printed last' : 'connection lost',
      false,
    );
  const source = new ServedTraces();
  const page = new TracePage(source, howToSend);
  await page.show(document.body, state).catch(lost);
  source.watch(() => void page.refresh().then(() => setState('live', true), lost), lost);
}

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
if (data.live === true) void showLive();
else {
  const source = new ContainedTraces(data);
  const page = new TracePage(source, nothingContained);
  void page.show(document.body);
}
