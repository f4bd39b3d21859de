import { toFile } from 'openai';
import { recordSessionTraces } from '../../src/client.ts';
import { hostedTrace } from '../support/simulator/hosted-trace.ts';
import type { Turn } from '../support/simulator/session-objects.ts';
import { chatBody, responseBody, TOOL } from './bodies.ts';
import { OPERATION_PROGRAMS, type OperationProgram } from './operations.ts';
import type { Secrets } from './secrets.ts';
import { drain, isStream, type Scenario } from './stage.ts';

/** A program whose every call has to succeed. */
function asScenario({ name, body, script, run }: OperationProgram): Scenario {
  return {
    name,
    async run({ client, simulator, secrets }) {
      script?.(simulator);
      const see = async (ask: () => unknown): Promise<unknown> => {
        const value = await ask();
        if (isStream(value)) await drain(value);
        return value;
      };
      await run({ client, body: body(secrets) as never, secrets, see });
    },
  };
}

/** Traces whose content is secret, under names that OpenAI may choose. */
function hostedTraces(secrets: Secrets): object {
  const made = (place: string): string => `${secrets.make(place)} and what else was said about it`;
  const attributes = {
    'gen_ai.input.messages': made('messages'),
    'tool.call.arguments': { term: secrets.make('arguments') },
    'task.result': [secrets.make('result')],
    'gen_ai.system_instructions': secrets.make('instructions'),
    input: secrets.make('input'),
    'final.output': secrets.make('output'),
    note: made('a long text'),
    'http.request.header.authorization': secrets.make('authorization', 'credential'),
  };
  const now = Math.trunc(Date.now() / 1e3);
  const turn = { id: 'turn_1', session_id: 'sess_1', created_at: now } as Turn;
  const span = { name: 'agent turn', error: made('error'), attributes };
  return { object: 'list', data: [hostedTrace(turn, [span])], has_more: false };
}

/** Every operation, plain and streamed. */
export const SCENARIOS: readonly Scenario[] = [
  ...OPERATION_PROGRAMS.map(asScenario),
  {
    name: "OpenAI's own trace of a turn",
    run: async ({ client, secrets }) => {
      const fetch = async (): Promise<Response> => Response.json(hostedTraces(secrets));
      await recordSessionTraces(client.withOptions({ fetch: fetch as never }), 'sess_1');
    },
  },
  {
    name: 'chat, structured',
    run: async ({ client, secrets }) => {
      const format = secrets.plant(
        { name: 'a schema', schema: { type: 'object', description: 'It.' } },
        'format',
      );
      const { tools: _, ...body } = chatBody(secrets);
      await client.chat.completions.parse({
        ...body,
        response_format: { type: 'json_schema', json_schema: format },
      });
    },
  },
  {
    name: 'chat with tools that run, one of which fails',
    run: async ({ client, secrets }) => {
      const tool = {
        ...TOOL,
        function: {
          ...TOOL.function,
          description: secrets.make('tool description'),
          parse: JSON.parse,
          function: () => {
            throw new Error(secrets.make('tool error'));
          },
        },
      };
      const messages = [{ role: 'user' as const, content: secrets.make('question') }];
      const runner = client.chat.completions.runTools({
        model: 'gpt-4o-mini',
        messages,
        tools: [tool as never],
      });
      await runner.done().catch(() => undefined);
    },
  },
  {
    name: 'stored chat completions',
    run: async ({ client, secrets }) => {
      await client.chat.completions.retrieve('chatcmpl_1');
      await client.chat.completions.update(
        'chatcmpl_1',
        secrets.plant({ metadata: { topic: 'x' } }, 'stored'),
      );
      await client.chat.completions.list({
        metadata: { [secrets.make('filter key')]: secrets.make('filter') },
      });
    },
  },
  {
    name: 'response that fails',
    run: async ({ client, simulator, secrets }) => {
      simulator.respond({ end: 'failed', error: { code: 'server_error', message: 'What went wrong.' } });
      await client.responses.create(responseBody(secrets));
      simulator.respond({ end: 'failed', error: { code: 'server_error', message: 'What went wrong.' } });
      await drain(await client.responses.create({ ...responseBody(secrets), stream: true }));
    },
  },
  {
    name: 'compaction and token count',
    run: async ({ client, secrets }) => {
      const { model, input, instructions } = responseBody(secrets);
      const body = { model, input, instructions } as never;
      await client.responses.compact(body);
      await client.responses.inputTokens.count(body);
    },
  },
  {
    name: 'run that fails',
    run: async ({ client, simulator, secrets }) => {
      simulator.script({ end: 'failed', lastError: { code: 'server_error', message: 'What went wrong.' } });
      const assistant = await client.beta.assistants.create({ model: 'gpt-4o-mini' });
      const thread = secrets.plant(
        { messages: [{ role: 'user', content: 'A question.' }] },
        'thread',
      ) as object;
      await client.beta.threads.createAndRunPoll(
        { assistant_id: assistant.id, thread },
        { pollIntervalMs: 1 },
      );
    },
  },
  {
    name: 'images',
    run: async ({ client, secrets }) => {
      const body = secrets.plant({ model: 'gpt-image-1', prompt: 'A picture.', user: 'somebody' }, 'image');
      await client.images.generate(body);
      await client.images.generate({ ...body, model: 'dall-e-3' });
      await drain(await client.images.generate({ ...body, stream: true, partial_images: 1 }));
      const image = await toFile(Buffer.from(secrets.make('image')), `${secrets.make('image name')}.png`);
      await client.images.edit({ ...body, image });
    },
  },
  {
    name: 'sound',
    run: async ({ client, secrets }) => {
      const speech = secrets.plant(
        { model: 'gpt-4o-mini-tts', input: 'Say it.', instructions: 'Softly.', voice: 'a voice' },
        'speech',
      );
      await (await client.audio.speech.create(speech)).text();
      const file = await toFile(Buffer.from(secrets.make('sound')), `${secrets.make('sound name')}.wav`);
      const prompt = secrets.make('transcription prompt');
      await client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file, prompt });
      await client.audio.transcriptions.create({ model: 'whisper-1', file, prompt, response_format: 'text' });
      await drain(
        await client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file, prompt, stream: true }),
      );
      await client.audio.translations.create({ model: 'whisper-1', file, prompt });
    },
  },
  {
    name: 'files',
    run: async ({ client, secrets }) => {
      const file = await toFile(Buffer.from(secrets.make('file')), `${secrets.make('file name')}.jsonl`);
      await client.files.create({ file, purpose: 'batch' });
      await (await client.files.content('file-1')).text();
    },
  },
];
