import { setTimeout as wait } from 'node:timers/promises';
import type { ServerSocket } from '../../test/support/simulator/index.ts';

const MODEL = 'gpt-realtime';
/** A fifth of a second of audio, PCM16 at 24 kHz. */
const SOUND = 'A'.repeat(12_800);

/** The events that the simulated server sends in a realtime session, step by step. */
export class SimulatedSession {
  readonly #socket: Pick<ServerSocket, 'send'>;
  #responses = 0;
  #events = 0;
  #heardSeconds = 0;

  constructor(socket: Pick<ServerSocket, 'send'>) {
    this.#socket = socket;
    const audio = {
      input: { turn_detection: { type: 'semantic_vad' }, transcription: { model: 'gpt-4o-transcribe' } },
      output: { voice: 'marin' },
    };
    const session = { type: 'realtime', id: 'sess_demo', model: MODEL, output_modalities: ['audio'], audio };
    this.#send('session.created', { session });
  }

  /** The student speaks. The server detects the beginning and the end of speech, and transcribes it. */
  async hear(item_id: string, transcript: string, seconds: number): Promise<void> {
    this.listen(item_id);
    await wait(seconds * 1e3);
    this.#heardSeconds += seconds;
    this.#send('input_audio_buffer.speech_stopped', { item_id, audio_end_ms: this.#heardSeconds * 1e3 });
    this.#send('input_audio_buffer.committed', { item_id });
    const usage = {
      type: 'tokens',
      input_tokens: 24,
      output_tokens: 9,
      total_tokens: 33,
      input_token_details: { text_tokens: 0, audio_tokens: 24 },
    };
    this.#send('conversation.item.input_audio_transcription.completed', {
      item_id,
      content_index: 0,
      transcript,
      usage,
    });
  }

  /** The student begins to speak. */
  listen(item_id: string): void {
    const audio_start_ms = this.#heardSeconds * 1e3;
    this.#send('input_audio_buffer.speech_started', { item_id, audio_start_ms });
  }

  /** The model begins an answer. */
  begin(): string {
    const id = `resp_${++this.#responses}`;
    this.#send('response.created', { response: { id, object: 'realtime.response', status: 'in_progress' } });
    return id;
  }

  /** The model says something. Its audio arrives faster than it is played. */
  speak(response_id: string, item_id: string, words: string): void {
    const item = { id: item_id, type: 'message', role: 'assistant', content: [] };
    this.#send('response.output_item.added', { response_id, output_index: 0, item });
    for (const delta of words.match(/\S+\s*/g) ?? []) {
      const place = { response_id, item_id, output_index: 0, content_index: 0 };
      this.#send('response.output_audio_transcript.delta', { ...place, delta });
      this.#send('response.output_audio.delta', { ...place, delta: SOUND });
    }
  }

  /** The answer ends, or is cut off. */
  end(id: string, output: readonly object[], cancelled = false): void {
    const status = cancelled ? 'cancelled' : 'completed';
    const status_details = cancelled ? { type: status, reason: 'turn_detected' } : { type: status };
    const usage = {
      input_tokens: 180,
      output_tokens: 95,
      total_tokens: 275,
      input_token_details: {
        text_tokens: 110,
        audio_tokens: 70,
        cached_tokens: 64,
        cached_tokens_details: { text_tokens: 64, audio_tokens: 0 },
      },
      output_token_details: { text_tokens: 20, audio_tokens: 75 },
    };
    const response = { id, object: 'realtime.response', status, status_details, output, usage };
    this.#send('response.done', { response });
  }

  #send(type: string, event: object): void {
    this.#socket.send({ type, event_id: `event_${++this.#events}`, ...event });
  }
}
