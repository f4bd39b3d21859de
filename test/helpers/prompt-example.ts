import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import type OpenAI from 'openai';
import { withMetadata } from '../../src/client.ts';

// Put it into `spanProcessors`.
const langfusePrompts: SpanProcessor = {
  onStart(span: Span) {
    const { 'gen_ai.prompt.name': name, 'gen_ai.prompt.version': version } = span.attributes;
    if (name === undefined || version === undefined) return;
    span.setAttribute('langfuse.observation.prompt.name', name);
    span.setAttribute('langfuse.observation.prompt.version', Number(version));
  },
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};

// What `langfuse.prompt.get('tutor')` returns has a name and a version.
function answer(client: OpenAI, prompt: { name: string; version: number }, input: string) {
  return withMetadata({ prompt }, () => client.responses.create({ model: 'gpt-4o-mini', input }));
}

// The example of docs/your-code.md ends here.
export function example(): {
  langfusePrompts: SpanProcessor;
  answer: (client: OpenAI, prompt: { name: string; version: number }, input: string) => Promise<unknown>;
} {
  return { langfusePrompts, answer };
}
