import { setTimeout as delay } from 'node:timers/promises';
import type { ServerSocket, SocketScript } from '../../support/simulator/index.ts';

/** What a program sends, as far as the server reads it. */
interface Frame {
  readonly type?: string;
  readonly model?: string;
  /** The answer begins, and nothing more comes of it. */
  readonly held?: boolean;
}

const AUDIO = 'A'.repeat(640);
const SESSION_TYPES: readonly (readonly [path: RegExp, type: string])[] = [
  [/\/translations/, 'translation'],
  [/\/live/, 'live'],
  [/\/responses/, 'none'],
];

/**
 * Answers the events of a program one after the other: `response.create` with a response, `bye` with frames that no
 * API should send and a close, `break` with the end of the connection.
 *
 * @param prefix of all ids: the programs of a process share what the instrumentation knows
 */
export function answerEvents(prefix: string): SocketScript {
  return (socket) => {
    const server = new EventServer(socket, prefix);
    socket.onText = (text) => server.take(JSON.parse(text) as Frame);
  };
}

class EventServer {
  readonly #socket: ServerSocket;
  readonly #prefix: string;
  readonly #type: string;
  #working: Promise<void> = Promise.resolve();
  #greeted = false;
  #responses = 0;

  constructor(socket: ServerSocket, prefix: string) {
    this.#socket = socket;
    this.#prefix = prefix;
    this.#type = SESSION_TYPES.find(([path]) => path.test(socket.path))?.[1] ?? 'realtime';
  }

  take(frame: Frame): void {
    this.#working = this.#working.then(() => this.#answer(frame));
  }

  async #answer({ type, model = 'gpt-realtime', held = false }: Frame): Promise<void> {
    // Only now: whether a program sends before it hears something would be chance.
    if (!this.#greeted && this.#type !== 'none') await this.#send(opening(this.#prefix, this.#type));
    this.#greeted = true;
    if (type === 'response.create') {
      const id = `${this.#prefix}_response_${++this.#responses}`;
      await this.#send(this.#type === 'none' ? responseEvents(id, model, held) : spokenEvents(id, held));
    } else if (type === 'bye') {
      await this.#misbehave();
      this.#socket.close(1011, 'over');
    } else if (type === 'break') this.#socket.destroy();
  }

  /** Frames that arrive together are read together: what a program sees between them would be chance. */
  async #send(events: readonly object[]): Promise<void> {
    for (const event of events) {
      await delay(3);
      this.#socket.send(event);
    }
  }

  async #misbehave(): Promise<void> {
    const error = { type: 'invalid_request_error', code: 'x', message: 'No.', event_id: null };
    await this.#send([
      { type: 'error', event_id: `${this.#prefix}_error`, error },
      { type: 'event', response: null },
      { type: 'close' },
      { type: 'unheard.of', response: 7 },
      {},
    ]);
    this.#socket.sendText('no json');
    await delay(3);
    this.#socket.sendBinary(Buffer.from([1, 2, 3]));
    await delay(3);
  }
}

function opening(prefix: string, type: string): object[] {
  const session = { id: `${prefix}_session`, type, model: `gpt-${type}`, expires_at: 1, audio: {} };
  const name = type === 'live' ? 'session.started' : 'session.created';
  return [{ type: name, event_id: `${prefix}_opening`, session }];
}

function responseEvents(id: string, model: string, held: boolean): object[] {
  const response = { id, object: 'response', model, status: 'in_progress', output: [] };
  const created = { type: 'response.created', response };
  if (held) return [created];
  return [
    created,
    { type: 'response.output_text.delta', item_id: 'item_1', output_index: 0, content_index: 0, delta: 'Hi' },
    { type: 'response.completed', response: { ...response, status: 'completed' } },
  ];
}

function spokenEvents(id: string, held: boolean): object[] {
  const response = { id, object: 'realtime.response', status: 'in_progress', output: [] };
  const created = { type: 'response.created', response };
  if (held) return [created];
  const place = { response_id: id, item_id: 'item_1', output_index: 0, content_index: 0 };
  return [
    created,
    { type: 'response.output_audio.delta', ...place, delta: AUDIO },
    { type: 'response.output_audio_transcript.delta', ...place, delta: 'Hi' },
    { type: 'response.done', response: { ...response, status: 'completed' } },
  ];
}
