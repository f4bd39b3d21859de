import { toFile } from 'openai';
import { runAgent, runAssistant } from './agent-scenarios.ts';
import { chatBody, responseBody, TOOL } from './bodies.ts';
import { scriptResponse } from './scripts.ts';
import { drain, type Scenario } from './stage.ts';

/** Every operation, plain and streamed. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'chat',
    run: async ({ client, secrets }) => void (await client.chat.completions.create(chatBody(secrets))),
  },
  {
    name: 'chat, streamed',
    run: async ({ client, secrets }) =>
      drain(await client.chat.completions.create({ ...chatBody(secrets), stream: true })),
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
    name: 'text completion',
    run: async ({ client, secrets }) => {
      const body = secrets.plant(
        {
          model: 'gpt-3.5-turbo-instruct',
          prompt: ['Once', 'Twice'],
          suffix: 'end',
          stop: 'END',
          user: 'somebody',
        },
        'completion',
      );
      await client.completions.create(body);
      await drain(await client.completions.create({ ...body, stream: true }));
    },
  },
  {
    name: 'embeddings',
    run: async ({ client, secrets }) =>
      void (await client.embeddings.create(
        secrets.plant({ model: 'text-embedding-3-small', input: ['It.'], user: 'somebody' }, 'embeddings'),
      )),
  },
  {
    name: 'response',
    run: async (stage) => {
      scriptResponse(stage.simulator);
      const response = await stage.client.responses.create(responseBody(stage.secrets));
      const answers = (response.output ?? []).flatMap((item) =>
        'call_id' in item && item.type === 'function_call' ? [item.call_id] : [],
      );
      await stage.client.responses.create({
        model: 'gpt-4o-mini',
        previous_response_id: response.id,
        input: answers.map((call_id) => ({
          type: 'function_call_output',
          call_id,
          output: stage.secrets.make('function output'),
        })),
      });
      await stage.client.responses.retrieve(response.id);
      await stage.client.responses.inputItems.list(response.id);
    },
  },
  {
    name: 'response, streamed',
    run: async (stage) => {
      scriptResponse(stage.simulator);
      await drain(await stage.client.responses.create({ ...responseBody(stage.secrets), stream: true }));
    },
  },
  {
    name: 'response in the background',
    run: async (stage) => {
      const { client, secrets } = stage;
      const { id } = await client.responses.create({ ...responseBody(secrets), background: true });
      for (let polls = 0; polls < 6; polls++) await client.responses.retrieve(id);
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
    name: 'conversations',
    run: async ({ client, secrets }) => {
      const body = secrets.plant(
        { items: [{ type: 'message', role: 'user', content: 'A question.' }], metadata: { topic: 'x' } },
        'conversation',
      );
      const conversation = await client.conversations.create(body as never);
      await client.conversations.items.create(conversation.id, { items: body.items } as never);
      await client.responses.create({ ...responseBody(secrets), conversation: conversation.id });
      await client.conversations.items.list(conversation.id);
      await client.conversations.delete(conversation.id);
    },
  },
  { name: 'run of an assistant, polled', run: (stage) => runAssistant(stage, false) },
  { name: 'run of an assistant, streamed', run: (stage) => runAssistant(stage, true) },
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
  { name: 'session of an agent, polled', run: (stage) => runAgent(stage, false) },
  { name: 'session of an agent, streamed', run: (stage) => runAgent(stage, true) },
  {
    name: 'search',
    run: async ({ client, secrets }) =>
      void (await client.vectorStores.search(
        'vs_1',
        secrets.plant(
          { query: 'What?', filters: { type: 'eq', key: 'author', value: 'x' } },
          'search',
        ) as never,
      )),
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
    name: 'moderation',
    run: async ({ client, secrets }) =>
      void (await client.moderations.create({
        model: 'omni-moderation-latest',
        input: [secrets.make('moderated'), secrets.make('moderated')],
      })),
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
