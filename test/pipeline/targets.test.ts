import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { instrumentOpenAI, traced } from '../../src/client.ts';
import { type Program, startProgram } from '../support/program.ts';

const CHAT = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hidden' }] };

class Tested extends OpenAI {}
class Nested extends Tested {}

beforeEach(() => void vi.unstubAllEnvs());

function recorded({ telemetry }: Program): string {
  return JSON.stringify(telemetry.spans.map(({ attributes }) => attributes));
}

describe('options for a subclass', () => {
  it('hold for its clients and those of its own subclasses', async () => {
    const program = await startProgram({ content: true });
    instrumentOpenAI(OpenAI, { captureMessageContent: 'NO_CONTENT' });
    instrumentOpenAI(Tested, { captureMessageContent: 'SPAN_ONLY' });
    const options = { apiKey: 'test', baseURL: program.simulator.url };
    for (const client of [new Tested(options), new Nested(options).withOptions({ timeout: 5_000 })])
      await client.chat.completions.create(CHAT);
    expect(recorded(program).match(/Hidden/g)).toHaveLength(2);
  });

  it('are those of the nearest class, whichever was instrumented last', async () => {
    const program = await startProgram({ content: true });
    instrumentOpenAI(Nested, { captureMessageContent: 'SPAN_ONLY' });
    instrumentOpenAI(Tested, { captureMessageContent: 'NO_CONTENT' });
    const options = { apiKey: 'test', baseURL: program.simulator.url };
    for (const Client of [Nested, Tested]) await new Client(options).chat.completions.create(CHAT);
    expect(recorded(program).match(/Hidden/g)).toHaveLength(1);
  });

  it('are not those of other clients, nor of functions', async () => {
    const program = await startProgram();
    instrumentOpenAI(OpenAI, { captureMessageContent: 'NO_CONTENT' });
    instrumentOpenAI(Tested, { captureMessageContent: 'SPAN_ONLY' });
    const client = new OpenAI({ apiKey: 'test', baseURL: program.simulator.url });
    await client.chat.completions.create(CHAT);
    traced({ name: 'answer' }, (text: string) => text)('Hidden');
    expect(program.telemetry.spans).toHaveLength(2);
    expect(recorded(program)).not.toContain('Hidden');
  });
});

it('options for a class of sockets are not those of functions', async () => {
  const program = await startProgram();
  instrumentOpenAI(OpenAI, { captureMessageContent: 'NO_CONTENT' });
  instrumentOpenAI(ResponsesWS, { captureMessageContent: 'SPAN_ONLY' });
  traced({ name: 'answer' }, (text: string) => text)('Hidden');
  expect(recorded(program)).not.toContain('Hidden');
});
