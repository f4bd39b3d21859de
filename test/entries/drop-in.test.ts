import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { LANES_IN_TURN } from './lanes.ts';
import { PACKAGE, runChild } from './support/child.ts';
import { programText } from './support/programs.ts';
import { RECORDER, readSpans } from './support/spans.ts';

const SDK = `
  ${RECORDER}
  const { NodeSDK } = await load('@opentelemetry/sdk-node');
  new NodeSDK({ spanProcessors: [recorder], metricReaders: [], logRecordProcessors: [] }).start();
`;

describe.each(LANES_IN_TURN)('$lane, $format: …/openai instead of openai', ({ lane, format }) => {
  const simulator = useSimulator();

  const run = (body: string, parameters: readonly string[] = []) =>
    runChild({
      lane,
      format,
      text: programText(format, body, { openai: `${PACKAGE}/openai`, beginning: SDK }),
      parameters,
      env: { BASE_URL: simulator().url },
    });

  test('exports everything that openai exports, unchanged', async () => {
    const { stdout, stderr } = await run(`
      const [ours, theirs] = [await load('${PACKAGE}/openai'), await load('openai')];
      const names = Object.keys(theirs).filter((name) => name !== 'module.exports');
      const other = names.filter((name) => name !== 'default' && ours[name] !== theirs[name]);
      const more = Object.keys(ours).filter((name) => !names.includes(name) && name !== 'module.exports');
      console.log(JSON.stringify({ some: names.length > 20, other, more, isClass: ours.default === theirs.OpenAI }));
    `);
    expect(stderr).toBe('');
    const { more, ...rest } = JSON.parse(stdout.split('\n')[0] ?? '');
    expect(rest).toEqual({ some: true, other: [], isClass: true });
    expect(more.filter((name: string) => name !== 'default')).toEqual(['createOpenAI']);
  });

  test('instruments clients, Azure clients, subclasses and clients from createOpenAI', async () => {
    const { stdout, stderr } = await run(`
      const { AzureOpenAI, createOpenAI, default: Default } = await load('${PACKAGE}/openai');
      class Own extends OpenAI {}
      const options = { apiKey: 'test', baseURL: process.env.BASE_URL };
      await ask('plain');
      await ask('default', new Default(options));
      await ask('azure', new AzureOpenAI({ ...options, apiVersion: '2024-10-21' }));
      await ask('subclass', new Own(options));
      await ask('created', createOpenAI(options));
      await ask('with-content', createOpenAI(options, { captureMessageContent: 'SPAN_ONLY' }));
    `);
    expect(stderr).toBe('');
    const spans = readSpans(stdout);
    expect(spans.map(({ name }) => name)).toEqual(
      ['plain', 'default', 'azure', 'subclass', 'created', 'with-content'].map((model) => `chat ${model}`),
    );
    expect(
      spans.filter((span) => 'gen_ai.input.messages' in span.attributes).map(({ name }) => name),
    ).toEqual(['chat with-content']);
  });

  test('has the options of an OpenAIInstrumentation that was created before, as instrumentOpenAI without options', async () => {
    const body = `
      const { instrumentOpenAI } = await load('${PACKAGE}/client');
      await ask('drop-in');
      await ask('client', instrumentOpenAI(new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL })));
      instrumentOpenAI(OpenAI);
      await ask('class');
    `;
    const setUp = `
      const { OpenAIInstrumentation } = await load('${PACKAGE}');
      new OpenAIInstrumentation({ captureMessageContent: 'NO_CONTENT' });
    `;
    const { stdout } = await runChild({
      lane,
      format,
      text: programText(format, body, { openai: `${PACKAGE}/openai`, beginning: SDK + setUp }),
      env: {
        BASE_URL: simulator().url,
        OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_ONLY',
      },
    });
    const recorded = readSpans(stdout).map(({ name, attributes }) => [
      name,
      'gen_ai.input.messages' in attributes,
    ]);
    expect(recorded).toEqual(['drop-in', 'client', 'class'].map((model) => [`chat ${model}`, false]));
  });

  test('together with …/register creates one span per call', async () => {
    const flag = format === 'mjs' ? '--import' : '--require';
    const { stdout } = await run(`await ask();`, [flag, `${PACKAGE}/register`]);
    expect(readSpans(stdout).map(({ name }) => name)).toEqual(['chat gpt-4o']);
  });
});
