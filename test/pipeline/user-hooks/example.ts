import { OpenAIInstrumentation } from '../../../src/index.ts';

const instrumentation = new OpenAIInstrumentation({
  // Leaves a call alone: no span, no metrics, no events.
  ignoreRequestHook: (request) => request.route === '/models',
  // Attributes that the span starts with, so that samplers see them.
  startSpanHook: (request) => ({ 'app.streamed': request.streamed }),
  // The span has started, nothing is sent yet.
  requestHook: (span, request) => span.setAttribute('app.path', request.path),
  // The call has its result, its span is about to end: what is set here is the last word.
  responseHook: (span, response) =>
    span.setAttribute('app.time', response.header('openai-processing-ms') ?? ''),
});

// The example of docs/options.md ends here.
export function example(): OpenAIInstrumentation {
  return instrumentation;
}
