import { toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import type { OpenAIInstrumentationConfig, SinkEvent } from '../../../src/client.ts';
import { startProgram } from '../../support/program.ts';
import { openRealtime } from '../../support/realtime-socket.ts';

/** A sink, and the configuration with it and with prices. */
function listening(): { events: SinkEvent[]; config: OpenAIInstrumentationConfig } {
  const events: SinkEvent[] = [];
  const service_tiers = { batch: { input_mtok: 1, output_mtok: 1 } };
  const prices = {
    'gpt-4o-mini*': { input_mtok: 1, output_mtok: 2, service_tiers },
    'whisper-1': { audio_hours: 0.36 },
  };
  return { events, config: { cost: true, prices, events: { sink: (event) => void events.push(event) } } };
}

describe('cost.record', () => {
  test.each(['all', 'writes', 'none'] as const)(
    'is sent for calls whose operation has no other event, with apiSpans=%s',
    async (apiSpans) => {
      const { events, config } = listening();
      const program = await startProgram({ config: { ...config, apiSpans } });
      const { client, simulator, telemetry } = program;
      const usage = { input_tokens: 1e6, output_tokens: 1e6 };
      for (const body of [{ data: [] }, { text: 'Hi' }, { id: 'resp_1', output: [] }])
        simulator.next({ body: { ...body, usage } });
      const model = 'gpt-4o-mini';
      await client.images.generate({ model, prompt: 'x' });
      await client.audio.transcriptions.create({ model, file: await toFile(Buffer.from('x'), 'x.mp3') });
      await client.responses.compact({ model, input: 'x' });
      await client.images.generate({ model: 'without-a-price', prompt: 'x' });
      await program.expectTree(`
        generate_content gpt-4o-mini

        speech_to_text gpt-4o-mini

        compaction gpt-4o-mini

        generate_content without-a-price
      `);
      const operations = ['generate_content', 'speech_to_text', 'compaction'];
      expect(events).toEqual(
        operations.map((operation, index) => {
          const { traceId, spanId } = telemetry.spans[index]?.spanContext() ?? {};
          const time: unknown = expect.any(Number);
          const spent = { operation, provider: 'openai', model, cost: 3 };
          return { type: 'cost.record', time, traceId, spanId, ...spent };
        }),
      );
      expect(await program.points('openai.client.cost')).toEqual(
        operations.map((operation) =>
          expect.objectContaining({
            attributes: expect.objectContaining({ 'gen_ai.operation.name': operation }) as object,
            sum: 3,
          }),
        ),
      );
    },
  );

  test('is sent for what a realtime session transcribes', async () => {
    const { events, config } = listening();
    const session = await openRealtime(await startProgram(), config, { intent: 'transcription' });
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
      { type: 'cost.record', operation: 'speech_to_text', model: 'whisper-1', cost: 0.003 },
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
