import { OpenAIInstrumentation } from '../../../src/index.ts';

const instrumentation = new OpenAIInstrumentation({
  // Records nothing for these calls.
  ignoreRequestHook: (request) => request.route === '/models',
  // Attributes at the start of the span, where samplers see them.
  startSpanHook: (request) => ({ 'app.streamed': request.streamed }),
  // The span has started.
  requestHook: (span, request) => span.setAttribute('app.path', request.path),
  // The call has its result. What you set here overrides everything else, except on a run.
  responseHook: (span, response) =>
    span.setAttribute('app.time', response.header('openai-processing-ms') ?? ''),
});

// The example of docs/options.md ends here.
export function example(): OpenAIInstrumentation {
  return instrumentation;
}
