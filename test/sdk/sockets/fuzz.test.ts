import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instrumentOpenAI } from '../../../src/client.ts';
import { recordTelemetry } from '../../support/telemetry.ts';
import { collectWarnings } from '../../support/warnings.ts';

/** What the SDK's emitter does, as far as the seam can tell. */
class Emitter {
  readonly seen: unknown[] = [];

  _emit(...args: unknown[]): void {
    this.seen.push(args);
  }
}

class Events extends Emitter {
  _onError(event: unknown, message?: unknown, cause?: unknown): void {
    this._emit('error', [event, message, cause]);
  }
}

class Transport {
  readyState = 1;
  _closeCode: unknown = 1006;
  _socket: object | null = {};

  emitClose(): void {
    this.readyState = 3;
  }
}

class FakeWS extends Events {
  readonly url: unknown;
  socket: Transport = new Transport();

  constructor(url: unknown) {
    super();
    this.url = url;
  }

  send(event: unknown): unknown {
    return event;
  }

  close(): void {}
}

/** An event of which all but its type throws when it is read. */
function unreadable(type: string): object {
  const get = (): never => {
    throw new Error('unreadable');
  };
  return Object.defineProperties({ type }, { response: { get }, session: { get }, response_id: { get } });
}

const TYPES = [
  ...['session.created', 'session.updated', 'response.create', 'response.created', 'response.done', 'error'],
  ...['response.completed', 'response.incomplete', 'response.steer', 'response.steer.accepted'],
  ...['response.output_item.added', 'response.output_item.done', 'response.output_audio.delta'],
  ...['response.output_text.delta', 'response.function_call_arguments.delta', 'rate_limits.updated'],
  ...['input_audio_buffer.append', 'input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped'],
  ...['input_audio_buffer.committed', 'conversation.item.input_audio_transcription.completed'],
  ...['conversation.item.create', 'conversation.item.truncate', 'event', 'close', '__proto__', 'constructor'],
];

const hostile = fc.anything({ withBigInt: true, withNullPrototype: true, withObjectString: true });
const id = fc.constantFrom('r1', 'r2', '__proto__', '', 7, null);
const item = fc.oneof(
  hostile,
  fc.record({
    id,
    type: fc.constantFrom('message', 'function_call', 'mcp_call'),
    call_id: id,
    name: id,
    content: hostile,
  }),
);
const event = fc.oneof(
  hostile,
  fc.record(
    {
      type: fc.constantFrom(...TYPES),
      response: fc.oneof(
        hostile,
        fc.record({
          id,
          status: fc.constantFrom('completed', 'cancelled', 'x', 3),
          output: fc.array(item),
          usage: hostile,
        }),
      ),
      response_id: id,
      item_id: id,
      item,
      output_index: fc.oneof(fc.integer(), hostile),
      delta: hostile,
      audio: hostile,
      session: hostile,
      error: hostile,
      rate_limits: hostile,
      stream_id: hostile,
    },
    { requiredKeys: ['type'] },
  ),
  fc.constantFrom(...TYPES).map(unreadable),
);
const step = fc.tuple(fc.constantFrom('emit', 'send', 'error', 'drop'), event);
const url = fc.constantFrom(
  'wss://host/v1/responses',
  'wss://host/v1/realtime?model=m',
  'wss://host/v1/live/sessions',
  'no url',
);

test.each([false, true])(
  'whatever comes over a socket reaches the program, and nothing of ours fails or stays open (content: %s)',
  (content) => {
    const telemetry = recordTelemetry({ content });
    instrumentOpenAI(FakeWS as never, content ? { captureMessageContent: 'SPAN_ONLY' } : {});
    const warnings = collectWarnings();
    fc.assert(
      fc.property(url, fc.array(step, { maxLength: 40 }), (address, steps) => {
        const socket = new FakeWS(address);
        for (const [what, value] of steps) {
          if (what === 'send') expect(socket.send(value)).toBe(value);
          else if (what === 'error') socket._onError(null, 'broken', value);
          else if (what === 'drop') socket.socket.emitClose();
          else {
            socket._emit('event', value);
            expect((socket.seen.at(-1) as unknown[])[1]).toBe(value);
          }
          if (what === 'drop') socket.socket = new Transport();
        }
        socket.close();
        socket._emit('close', 1000);
        socket.socket.emitClose();
        socket._emit('close', 1000);
        expect(telemetry.openSpans).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
    expect(warnings).toEqual([]);
    expect(telemetry.spans.length).toBeGreaterThan(100);
  },
);
