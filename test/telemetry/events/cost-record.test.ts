import { toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig, SinkEvent } from '../../../src/client.ts';
import { startProgram } from '../../support/program.ts';
import { openRealtime } from '../../support/realtime-socket.ts';

/** A sink, and the configuration with it and with prices. */
function listening(): { events: SinkEvent[]; config: OpenAIInstrumentationConfig } {
  const events: SinkEvent[] = [];
  const prices = {
    'gpt-4o-mini*': {
      input_mtok: 1,
      output_mtok: 2,
      service_tiers: { batch: { input_mtok: 1, output_mtok: 1 } },
    },
    'whisper-1': { audio_hours: 0.36 },
  };
  return { events, config: { cost: true, prices, events: { sink: (event) => void events.push(event) } } };
}

describe('cost.record', () => {
  test('is sent for calls whose operation has no name in the conventions, if the price is known', async () => {
    const { events, config } = listening();
    const { client, simulator, telemetry } = await startProgram({ config });
    const usage = { type: 'tokens', input_tokens: 1e6, output_tokens: 1e6 };
    simulator.next({ body: { text: 'Hi', usage } });
    const file = await toFile(Buffer.from('x'), 'x.mp3');
    await client.audio.transcriptions.create({ model: 'gpt-4o-mini-transcribe', file });
    await client.images.generate({ model: 'without-a-price', prompt: 'x' });
    const { traceId, spanId } = telemetry.spans[0]?.spanContext() ?? {};
    expect(events).toEqual([
      {
        type: 'cost.record',
        time: expect.any(Number) as number,
        traceId,
        spanId,
        operation: 'POST /audio/transcriptions',
        provider: 'openai',
        model: 'gpt-4o-mini-transcribe',
        cost: 3,
      },
    ]);
  });

  test.each(['all', 'writes', 'none'] as const)('is sent with apiSpans=%s, too', async (apiSpans) => {
    const { events, config } = listening();
    const program = await startProgram({ config: { ...config, apiSpans } });
    const { client, simulator, telemetry } = program;
    const usage = { input_tokens: 1e6, output_tokens: 1e6 };
    for (const body of [
      { data: [], usage },
      { text: 'Hi', usage },
      { id: 'resp_1', output: [], usage },
    ])
      simulator.next({ body });
    const model = 'gpt-4o-mini';
    await client.images.generate({ model, prompt: 'x' });
    await client.audio.transcriptions.create({ model, file: await toFile(Buffer.from('x'), 'x.mp3') });
    await client.responses.compact({ model, input: 'x' });
    await program.expectTree(`
      POST /images/generations

      POST /audio/transcriptions

      POST /responses/compact
    `);
    expect(events).toMatchObject([
      { type: 'cost.record', operation: 'POST /images/generations', cost: 3 },
      { type: 'cost.record', operation: 'POST /audio/transcriptions', cost: 3 },
      { type: 'cost.record', operation: 'POST /responses/compact', cost: 3 },
    ]);
    const costs = (await telemetry.metrics()).filter(
      ({ descriptor }) => descriptor.name === 'openai.client.cost',
    );
    const points = costs.flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value));
    expect(points).toEqual([expect.objectContaining({ count: 3, sum: 9 })]);
  });

  test('is sent for what a realtime session transcribes', async () => {
    const { events, config } = listening();
    const program = await startProgram();
    const session = await openRealtime(program, config, { intent: 'transcription' });
    const input = { transcription: { model: 'whisper-1' } };
    const created = { type: 'transcription', id: 'sess_1', audio: { input } };
    await session.answer(
      { type: 'session.created', session: created },
      {
        type: 'conversation.item.input_audio_transcription.completed',
        item_id: 'item_1',
        transcript: 'Hello',
        usage: { type: 'duration', seconds: 30 },
      },
    );
    session.socket.close();
    await session.closed();
    expect(events).toMatchObject([
      { type: 'cost.record', operation: 'transcription', model: 'whisper-1', cost: 0.003 },
    ]);
  });

  test('is not sent for a finished batch, which may be retrieved any number of times', async () => {
    const { events, config } = listening();
    const { client, simulator, telemetry } = await startProgram({ config });
    const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
    simulator.next({ body: { id: 'batch_1', status: 'completed', model: 'gpt-4o-mini', usage } });
    await client.batches.retrieve('batch_1');
    expect(telemetry.spans[0]?.attributes).toHaveProperty(['openai.total.cost']);
    expect(events).toEqual([]);
  });
});
