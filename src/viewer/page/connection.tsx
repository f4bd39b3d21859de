import type { VNode } from 'preact';
import { connection } from './live-traces.ts';
import { CodeBlock } from './markdown.tsx';
import { isLive } from './state.ts';

const STATES = {
  live: 'live',
  lost: 'connection lost',
  refused: 'refused: open the address that view printed last',
};

export function ConnectionState(): VNode | null {
  const { value: state } = connection;
  if (state === undefined) return null;
  return (
    <span class={`badge ${state === 'live' ? 'good' : 'bad'}`} role="status">
      {STATES[state]}
    </span>
  );
}

/** Shown when there are no traces. If the page comes from a server, says how to send spans to it. */
export function NoTraces(): VNode {
  if (!isLive) return <p class="note">There are no spans.</p>;
  const command = [
    `OTEL_EXPORTER_OTLP_ENDPOINT=${location.origin} \\`,
    'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY \\',
    'node --import opentelemetry-instrumentation-openai/register app.mjs',
  ].join('\n');
  return (
    <section class="overview card stack" aria-label="No traces yet">
      <h2>Waiting for traces</h2>
      <p>Start a program that calls openai, and its traces appear here as they arrive:</p>
      <CodeBlock code={command} language="shell" />
      <p class="dim">
        The second line records prompts and answers. Any other program that sends OTLP over HTTP works too.
      </p>
    </section>
  );
}
