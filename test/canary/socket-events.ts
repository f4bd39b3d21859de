import type { Secrets } from './secrets.ts';

/** What the server says of a session. Its voice, modalities and formats are facts that are always recorded. */
export function SESSION(secrets: Secrets): object {
  return {
    ...secrets.plant({ id: 'sess_1', type: 'realtime', instructions: 'Be short.' }, 'session.created'),
    model: 'gpt-realtime',
    output_modalities: ['audio'],
    audio: {
      input: {
        format: { type: 'audio/pcm', rate: 24_000 },
        turn_detection: { type: 'semantic_vad' },
        transcription: secrets.plant({ model: 'gpt-4o-transcribe', prompt: 'It.' }, 'transcription'),
      },
      output: { voice: 'marin' },
    },
    tools: [secrets.plant({ type: 'function', name: 'look_up', description: 'It.' }, 'tool')],
  };
}

/** An item of the program: text and sound. */
export function itemCreated(): object {
  const content = [
    { type: 'input_text', text: 'A question.' },
    { type: 'input_audio', audio: 'sound', transcript: 'A question.' },
  ];
  return { type: 'conversation.item.create', item: { type: 'message', role: 'user', content } };
}

/** What the user has said, as the server heard it. */
export function heard(): object[] {
  return [
    { type: 'input_audio_buffer.speech_started', item_id: 'item_0', audio_start_ms: 0 },
    { type: 'input_audio_buffer.speech_stopped', item_id: 'item_0', audio_end_ms: 900 },
    { type: 'input_audio_buffer.committed', item_id: 'item_0' },
    { type: 'conversation.item.input_audio_transcription.delta', item_id: 'item_0', delta: 'A question' },
    {
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: 'item_0',
      transcript: 'A question.',
      usage: { type: 'tokens', input_tokens: 3, output_tokens: 3, total_tokens: 6 },
    },
  ];
}

/** A response that calls a function and says something. */
export function spoken(id: string): object[] {
  const place = { response_id: id, item_id: `message_${id}`, output_index: 1, content_index: 0 };
  const call = {
    type: 'function_call',
    id: `call_item_${id}`,
    call_id: `call_${id}`,
    name: 'look_up',
    arguments: '{"term":"x"}',
  };
  const message = {
    type: 'message',
    id: place.item_id,
    role: 'assistant',
    content: [{ type: 'output_audio', transcript: 'An answer.', audio: 'sound' }],
  };
  return [
    { type: 'response.created', response: { id, status: 'in_progress' } },
    { type: 'response.output_item.added', response_id: id, output_index: 0, item: call },
    { type: 'response.function_call_arguments.delta', ...place, output_index: 0, delta: '{"term' },
    { type: 'response.output_item.done', response_id: id, output_index: 0, item: call },
    {
      type: 'response.output_item.added',
      response_id: id,
      output_index: 1,
      item: { ...message, content: [] },
    },
    { type: 'response.output_audio.delta', ...place, delta: 'sound' },
    { type: 'response.output_audio_transcript.delta', ...place, delta: 'An answer.' },
    { type: 'response.output_text.delta', ...place, delta: 'An answer.' },
    {
      type: 'response.done',
      response: { id, status: 'completed', output: [call, message], instructions: 'Be nice.' },
    },
  ];
}

/** The events of a response over a socket of responses. */
export function responseEvents(id: string): object[] {
  const call = {
    type: 'function_call',
    id: `item_${id}`,
    call_id: `call_${id}`,
    name: 'look_up',
    arguments: '{"term":"x"}',
  };
  const content = [{ type: 'output_text', text: 'An answer.' }];
  const message = { type: 'message', id: `message_${id}`, role: 'assistant', content };
  const response = { id, object: 'response', model: 'gpt-4o-mini', status: 'in_progress' };
  return [
    { type: 'response.created', response: { ...response, output: [], instructions: 'Be nice.' } },
    { type: 'response.output_item.added', output_index: 0, item: call },
    { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{"term' },
    { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'An answer.' },
    { type: 'response.output_item.done', output_index: 1, item: message },
    { type: 'response.completed', response: { ...response, status: 'completed', output: [call, message] } },
  ];
}
