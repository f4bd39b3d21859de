import type { Program } from '../../support/program.ts';

/** Sound as base64: a second of PCM16. */
export const AUDIO: string = 'A'.repeat(64_000);
export const SESSION: Readonly<Record<string, unknown>> = {
  type: 'realtime',
  id: 'sess_1',
  object: 'realtime.session',
  model: 'gpt-realtime',
  output_modalities: ['audio'],
  audio: {
    input: {
      format: { type: 'audio/pcm', rate: 24_000 },
      turn_detection: { type: 'semantic_vad' },
      transcription: { model: 'gpt-4o-transcribe' },
    },
    output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'marin' },
  },
};
export const USAGE: object = {
  total_tokens: 350,
  input_tokens: 200,
  output_tokens: 150,
  input_token_details: {
    text_tokens: 80,
    audio_tokens: 120,
    image_tokens: 0,
    cached_tokens: 64,
    cached_tokens_details: { text_tokens: 64, audio_tokens: 0, image_tokens: 0 },
  },
  output_token_details: { text_tokens: 30, audio_tokens: 120 },
};

const HEARD: object = {
  type: 'tokens',
  total_tokens: 33,
  input_tokens: 26,
  output_tokens: 7,
  input_token_details: { text_tokens: 0, audio_tokens: 26 },
};

export function attributesOf(
  { telemetry }: Program,
  id: string,
): Readonly<Record<string, unknown>> | undefined {
  return telemetry.spans.find(
    ({ name, attributes }) => name.startsWith('chat') && attributes['gen_ai.response.id'] === id,
  )?.attributes;
}

function event(type: string, fields: object): object {
  return { type, event_id: 'event_1', ...fields };
}

export function created(id: string, more: object = {}): object {
  const response = { id, object: 'realtime.response', status: 'in_progress', output: [], ...more };
  return event('response.created', { response });
}

export function done(id: string, more: object): object {
  const response = { id, object: 'realtime.response', status: 'completed', output: [], usage: USAGE };
  return event('response.done', { response: { ...response, ...more } });
}

export function added(response_id: string, item: object): object {
  return event('response.output_item.added', { response_id, output_index: 0, item });
}

/** An item of a response is complete. */
export function itemDone(response_id: string, item: object): object {
  return event('response.output_item.done', { response_id, output_index: 0, item });
}

/** So are the arguments of a function, before its item is. */
export function argumentsDone(response_id: string, item: object): object {
  const { id: item_id, name, call_id, arguments: given } = item as Readonly<Record<string, unknown>>;
  const called = { item_id, name, call_id, arguments: given };
  return event('response.function_call_arguments.done', { response_id, output_index: 0, ...called });
}

const PLACE = { item_id: 'item', output_index: 0, content_index: 0 };

export function sound(response_id: string): object {
  return event('response.output_audio.delta', { response_id, ...PLACE, delta: AUDIO });
}

export function spoken(response_id: string, delta: string): object {
  return event('response.output_audio_transcript.delta', { response_id, ...PLACE, delta });
}

export function transcript(item_id: string, text: string, usage: object = HEARD): object {
  const type = 'conversation.item.input_audio_transcription.completed';
  return event(type, { item_id, content_index: 0, transcript: text, usage });
}

export function call(id: string, more: object = {}): object {
  const called = { name: 'get_weather', call_id: 'call_1', arguments: '{}' };
  return { id, object: 'realtime.item', type: 'function_call', status: 'completed', ...called, ...more };
}

export function message(id: string, text?: string): object {
  const content = text === undefined ? [] : [{ type: 'output_audio', transcript: text }];
  return { id, object: 'realtime.item', type: 'message', role: 'assistant', status: 'completed', content };
}

/** The program's result of a function. */
export function result(output = 'sunny', call_id = 'call_1'): object {
  return { type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output } };
}
