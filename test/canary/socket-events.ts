import {
  added,
  call,
  created,
  done,
  itemDone,
  message,
  sound,
  spoken,
  transcript,
} from '../hierarchy/realtime/events.ts';
import type { Secrets } from './secrets.ts';

const LOOK_UP = { name: 'look_up', arguments: '{"term":"x"}' };

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
    transcript('item_0', 'A question.'),
  ];
}

/** A response that calls a function and says something. */
export function answered(id: string): object[] {
  const asked = call(`call_item_${id}`, { ...LOOK_UP, call_id: `call_${id}` });
  const said = message(`message_${id}`);
  const content = [{ type: 'output_audio', transcript: 'An answer.', audio: 'sound' }];
  return [
    created(id),
    added(id, asked),
    { type: 'response.function_call_arguments.delta', response_id: id, output_index: 0, delta: '{"term' },
    itemDone(id, asked),
    added(id, said),
    sound(id),
    spoken(id, 'An answer.'),
    { type: 'response.output_text.delta', response_id: id, output_index: 1, delta: 'An answer.' },
    done(id, { output: [asked, { ...said, content }], instructions: 'Be nice.' }),
  ];
}

/** The events of a response over a socket of responses. */
export function responseEvents(id: string): object[] {
  const asked = { type: 'function_call', id: `item_${id}`, call_id: `call_${id}`, ...LOOK_UP };
  const content = [{ type: 'output_text', text: 'An answer.' }];
  const said = { type: 'message', id: `message_${id}`, role: 'assistant', content };
  const response = { id, object: 'response', model: 'gpt-4o-mini', status: 'in_progress' };
  return [
    { type: 'response.created', response: { ...response, output: [], instructions: 'Be nice.' } },
    { type: 'response.output_item.added', output_index: 0, item: asked },
    { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{"term' },
    { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'An answer.' },
    { type: 'response.output_item.done', output_index: 1, item: said },
    { type: 'response.completed', response: { ...response, status: 'completed', output: [asked, said] } },
  ];
}
