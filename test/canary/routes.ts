import { readFileSync } from 'node:fs';
import type { Scenario } from './stage.ts';

interface Row {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PATCH' | 'PUT';
  readonly path: string;
  readonly streaming: boolean;
}

const ROUTES = JSON.parse(
  readFileSync(new URL('../fixtures/openai-routes.json', import.meta.url), 'utf8'),
) as readonly Row[];

/** Texts under every name that bodies of some endpoint have. */
const BODY = {
  model: 'gpt-4o-mini',
  name: 'a name',
  title: 'A title.',
  input: 'A text.',
  prompt: 'A prompt.',
  query: 'A query.',
  messages: [{ role: 'user', content: 'A question.' }],
  instructions: 'Instructions.',
  description: 'A description.',
  items: [{ type: 'message', role: 'user', content: 'A question.' }],
  content: 'A text.',
  email: 'somebody@example.com',
  user: 'somebody',
  suffix: 'a suffix',
  tools: [{ type: 'function', function: { name: 'look_up', description: 'Looks up.' } }],
  tool_outputs: [{ tool_call_id: 'call_1', output: 'It.' }],
  metadata: { topic: 'x' },
  attributes: { author: 'x' },
  filename: 'report.pdf',
  file_name: 'report.pdf',
  voice: 'a voice',
  data: 'AAAA',
  url: 'https://here.example/a',
  grader: { name: 'a grader', source: 'def grade(): pass' },
  session: { instructions: 'Instructions.' },
  secret: 'x',
  value: 'x',
};

/** Every endpoint of the SDK, and one that nobody knows, by its plain request. */
export const ROUTE_SCENARIOS: readonly Scenario[] = [
  ...ROUTES.map(
    ({ method, path, streaming }): Scenario => ({
      name: `${method} ${path}`,
      async run({ client, secrets }) {
        const concrete = path.replaceAll(/\{[^}]*\}/g, 'id_1');
        // The name of an agent is always recorded.
        const whole = /^\/(assistants|agents)/.test(path) ? { ...BODY, object: 'assistant' } : BODY;
        const body = method === 'GET' || method === 'DELETE' ? undefined : secrets.plant(whole, 'body');
        const query = { after: 'id_0', filter: secrets.make('query parameter') };
        const options = { method: method.toLowerCase() as 'post', path: concrete, query };
        const send = async (stream: boolean): Promise<void> => {
          const sent = body === undefined ? {} : { body: { ...body, ...(stream ? { stream } : {}) } };
          const result: unknown = await client.request({
            ...options,
            ...sent,
            ...(stream ? { stream } : {}),
          });
          if (stream) for await (const _ of result as AsyncIterable<unknown>);
        };
        // The simulator does not know every id: a refusal is an answer as well.
        await send(false).catch(() => undefined);
        if (streaming) await send(true).catch(() => undefined);
      },
    }),
  ),
  {
    name: 'an endpoint that nobody knows',
    async run({ client, secrets }) {
      const path = `/acme/${secrets.make('path')}/notes/${secrets.make('path')}?text=${secrets.make('query')}`;
      await client.post(path, { body: secrets.plant(BODY, 'body') });
      await client.get(`/${secrets.make('path')}`);
      await client.get(`/files/${secrets.make('path')}/${secrets.make('path')}/more`);
    },
  },
];
