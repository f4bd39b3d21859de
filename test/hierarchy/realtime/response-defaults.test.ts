import { describe, expect, it } from 'vitest';
import { ResponseDefaults } from '../../../src/hierarchy/realtime/response-defaults.ts';
import type { OpenAIInstrumentationConfig } from '../../../src/types.ts';
import { areCollected } from '../../support/collected.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { openRealtime, type RealtimePair } from '../../support/realtime-socket.ts';
import { attributesOf, created, done, SESSION } from './events.ts';

const WEATHER = { type: 'function', name: 'weather', parameters: { type: 'object' } };
const CRM = {
  type: 'mcp',
  server_label: 'crm',
  server_url: 'https://secret.example.com/mcp',
  authorization: 'secret-token',
  headers: { 'x-key': 'secret-key' },
};
const DEFINITIONS = [WEATHER, { type: 'mcp', name: 'crm' }];
const TEXT = { type: 'text', content: 'Speak Latin.' };

/** The same settings in both versions of the API. */
const VERSIONS = {
  newer: { max_output_tokens: 500, output_modalities: ['text'] },
  older: { max_response_output_tokens: 500, modalities: ['text'] },
};

describe.each(Object.entries(VERSIONS))('a response in a session of the %s version', (_, parameters) => {
  const settings = { instructions: 'Speak Latin.', tools: [WEATHER, CRM], ...parameters };

  it.each(['session.created', 'session.updated'])('has what `%s` says of the session', async (type) => {
    const { pair, recorded } = await open();
    await pair.answer({ type, session: { ...SESSION, output_modalities: undefined, ...settings } });
    expect(await recorded('resp_1')).toEqual([[TEXT], DEFINITIONS, 500, 'text']);
  });

  it('has what the program sets, before and after the server confirms it', async () => {
    const { pair, recorded } = await open();
    await pair.say({ type: 'session.update', session: settings });
    expect(await recorded('resp_1')).toEqual([[TEXT], DEFINITIONS, 500, 'text']);
    const first = { ...SESSION, instructions: 'Be nice.', tools: [], max_output_tokens: 'inf' };
    await pair.answer({ type: 'session.created', session: first });
    expect(await recorded('resp_2')).toEqual([[TEXT], DEFINITIONS, 500, 'text']);
    await pair.answer({ type: 'session.updated', session: { ...first, instructions: 'Speak Greek.' } });
    const greek = { type: 'text', content: 'Speak Greek.' };
    expect(await recorded('resp_3')).toEqual([[greek], undefined, undefined, 'speech']);
  });

  it('has what the program has set last, though the server confirms what came before', async () => {
    const { pair, recorded } = await open();
    const { tools, ...others } = settings;
    await pair.say({ type: 'session.update', session: others });
    await pair.say({ type: 'session.update', session: { tools } });
    const told = { ...SESSION, output_modalities: undefined, ...others, tools: [] };
    await pair.answer({ type: 'session.updated', session: told });
    expect(await recorded('resp_1')).toEqual([[TEXT], DEFINITIONS, 500, 'text']);
  });

  it('has nothing of what the server has rejected', async () => {
    const { pair, recorded } = await open();
    await pair.say({ type: 'session.update', session: settings });
    const wrong = { instructions: 'Sing.', tools: [], max_output_tokens: -1 };
    await pair.say({ type: 'session.update', event_id: 'event_2', session: wrong });
    await pair.answer({ type: 'error', error: { type: 'invalid_request_error', event_id: 'event_2' } });
    expect(await recorded('resp_1')).toEqual([[TEXT], DEFINITIONS, 500, 'text']);
  });

  it('has what the program sets past the SDK, however long it is', async () => {
    const { pair, recorded } = await open();
    const description = 'x'.repeat(100_000);
    const update = {
      type: 'session.update',
      session: { ...settings, tools: [{ ...WEATHER, description }, CRM] },
    };
    pair.socket.socket.send(JSON.stringify(update));
    await expect.poll(() => pair.server.frames.length).toBe(1);
    expect((await recorded('resp_1')).slice(2)).toEqual([500, 'text']);
  });

  it('has its own settings above them', async () => {
    const { pair, recorded } = await open();
    await pair.say({ type: 'session.update', session: settings });
    const own = { instructions: 'Sing.', tools: [], max_output_tokens: 'inf', output_modalities: ['audio'] };
    expect(await recorded('resp_1', own)).toEqual([
      [{ type: 'text', content: 'Sing.' }],
      undefined,
      undefined,
      'speech',
    ]);
    expect(await recorded('resp_2', { instructions: undefined, max_output_tokens: 9 })).toEqual([
      [TEXT],
      DEFINITIONS,
      9,
      'text',
    ]);
  });
});

describe('what a session keeps for its responses', () => {
  const defaultsOf = (session: unknown): object => {
    const defaults = new ResponseDefaults(() => ({ text: 20, span: 300, answer: 1_000 }));
    defaults.reported(session, false);
    return defaults.current;
  };

  it('is bounded', async () => {
    const tools = Array.from({ length: 2_000 }, () => ({ ...WEATHER, description: 'x'.repeat(10_000) }));
    const kept = defaultsOf({ instructions: 'y'.repeat(1e6), tools });
    const description = `${'x'.repeat(20)}…`;
    expect(kept).toEqual({
      instructions: [{ content: [{ type: 'output_text', text: 'y'.repeat(20), original_length: 1e6 }] }],
      tools: [
        ...Array.from({ length: 6 }, () => ({ ...WEATHER, description })),
        { ...WEATHER, description: `${'x'.repeat(8)}…`, parameters: { type: 'ob…' } },
        ...Array.from({ length: 993 }, () => ({ type: 'omitted', name: '…' })),
      ],
    });
    expect(JSON.stringify(kept).length).toBeLessThan(35_000);
  });

  it('marks what is cut', async () => {
    const { pair, recorded } = await open({ maxContentLength: 200, maxSpanContentLength: 2_000 });
    const tools = Array.from({ length: 50 }, (_, index) => ({ ...WEATHER, name: `weather_${index}` }));
    await pair.say({ type: 'session.update', session: { instructions: 'y'.repeat(1e4), tools } });
    const [instructions, definitions] = await recorded('resp_1');
    expect(instructions).toEqual([{ type: 'text', content: 'y'.repeat(200), original_length: 1e4 }]);
    const omitted = (definitions as { count?: number }[]).at(-1);
    expect((definitions as unknown[]).length - 1 + Number(omitted?.count)).toBe(50);
  });

  it('is a copy', async () => {
    const { pair } = await open();
    const update = async (): Promise<WeakRef<object>> => {
      const parameters = { type: 'object' };
      await pair.say({ type: 'session.update', session: { tools: [{ ...WEATHER, parameters }] } });
      return new WeakRef(parameters);
    };
    const parameters = await update();
    await pair.say({ type: 'input_audio_buffer.clear' });
    expect(await areCollected(parameters)).toBe(true);
  });
});

interface Opened {
  readonly pair: RealtimePair;
  /** Asks for a response. @returns its instructions, tools, limit of tokens and output type */
  readonly recorded: (id: string, response?: object) => Promise<unknown[]>;
}

async function open(config: OpenAIInstrumentationConfig = {}): Promise<Opened> {
  const program: Program = await startProgram({ content: true });
  const pair = await openRealtime(program, { captureMessageContent: 'SPAN_ONLY', ...config });
  const recorded: Opened['recorded'] = async (id, response) => {
    await pair.say({ type: 'response.create', response });
    await pair.answer(created(id), done(id, {}));
    const attributes = attributesOf(program, id);
    expect(JSON.stringify(attributes)).not.toContain('secret');
    return [
      json(attributes?.['gen_ai.system_instructions']),
      json(attributes?.['gen_ai.tool.definitions']),
      attributes?.['gen_ai.request.max_tokens'],
      attributes?.['gen_ai.output.type'],
    ];
  };
  return { pair, recorded };
}

function json(text: unknown): unknown {
  return text === undefined ? undefined : JSON.parse(String(text));
}
