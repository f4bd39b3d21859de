import { resolve } from 'node:path';
import { explain, print } from './narration.ts';
import { readOptions } from './options.ts';
import type { OtlpDelivery } from './otlp-delivery.ts';
import { PAGE, startTelemetry } from './telemetry.ts';

const options = readOptions();
const telemetry = startTelemetry(options);
if (options.agents) await showAgents();
else if (options.realtime) await showRealtime();
else if (options.recorded) await showRecording();
else await showLessons();
if (telemetry.delivery) reportDelivery(telemetry.delivery);
else print('`npm run demo -- --content` also shows what was said; `--otlp` sends the traces.');
if (telemetry.live) await reportLive(telemetry.live);
else
  print(
    '',
    'To watch it live: start `npx opentelemetry-instrumentation-openai view`, open its',
    'page, and run `npm run demo -- --live` in another terminal.',
  );
print('', 'The same as a page, to open in a browser:', `  ${resolve(PAGE)}`);

async function showLessons(): Promise<void> {
  // Modules that use `openai` are imported here, after the instrumentation. Imports at the top would run before it.
  const { flush } = await import('opentelemetry-instrumentation-openai/client');
  const { giveResponsesLesson } = await import('./responses-lesson.ts');
  const { tutor } = await import('./tutoring.ts');
  explain(
    '1. The Math Tutor',
    'Two questions in one conversation of the Responses API, which is simulated. The',
    'tutor runs code, searches files and calls a function of this program.',
  );
  await giveResponsesLesson();
  print('');
  await flush();

  explain(
    '2. The same lesson with the Assistants API',
    'Two runs in one thread. The first is polled, the second is streamed.',
  );
  await tutor();
  print('');
  await telemetry.shutdown();

  explain(
    'How to read the trees',
    '`conversation` and `thread` are the whole conversation, with its totals.',
    '`invoke_agent` is a run. `chat` is one call of the model, with its own tokens.',
    '`execute_tool` is a tool call. The rest are plain requests.',
  );
}

async function showRecording(): Promise<void> {
  const { replayConversation } = await import('./recorded-conversation.ts');
  explain(
    'A recorded conversation',
    'The real `openai` package talks to a server that replays recorded answers of',
    'the Assistants API. First you see the conversation, then its trace.',
  );
  await replayConversation();
  print('');
  await telemetry.shutdown();
}

async function showAgents(): Promise<void> {
  const { giveAgentsLesson } = await import('./agents-lesson.ts');
  explain(
    'The Math Tutor with `@openai/agents`',
    'Two questions on a simulated API. The secretary hands over to the tutor, who',
    'runs code, searches files and calls a function of this program.',
  );
  await giveAgentsLesson();
  print('');
  await telemetry.shutdown();

  explain(
    'How to read the tree',
    '`invoke_workflow` is the lesson, with its totals. `invoke_agent` is an agent at',
    'work. `chat` is one call of the model, with its own tokens. `execute_tool` is a',
    'tool call or a handoff.',
  );
}

async function showRealtime(): Promise<void> {
  const { speak } = await import('./speaking.ts');
  explain(
    'The Math Tutor, spoken',
    'A realtime session over a WebSocket, with a simulated server: a question, a',
    'function of this program, and an answer that the student interrupts.',
  );
  await speak();
  print('');
  await telemetry.shutdown();

  explain(
    'How to read the tree',
    '`realtime` is the session, with its totals. `chat` is an answer: from the end of',
    'speech, or from the request, to its end. `speech_to_text` is what the student said,',
    'by another model. An answer that was cut off has the finish reason `cancelled`.',
  );
}

async function reportLive(endpoint: string): Promise<void> {
  if (await fetch(endpoint).catch(() => undefined)) {
    print(`The live page has the traces: ${endpoint}`);
    return;
  }
  print(`There is no live page at ${endpoint}.`);
  print('Start one with `npx opentelemetry-instrumentation-openai view`, and run the demo again.');
  process.exitCode = 1;
}

function reportDelivery({ endpoint, failure, spanCount, traceIds }: OtlpDelivery): void {
  if (failure === undefined) {
    print(`Sent ${spanCount} spans to ${endpoint} (OTLP/gRPC). The traces are`);
    print(...[...traceIds].map((id) => `  ${id}`));
    return;
  }
  print(`The spans could not be sent to ${endpoint} (OTLP/gRPC):`, `  ${failure.message}`);
  print('Start a collector or backend there, or set OTEL_EXPORTER_OTLP_ENDPOINT to its address.');
  process.exitCode = 1;
}
