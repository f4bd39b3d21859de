import type OpenAI from 'openai';
import { bytes, eventStream, json, missing, type Reply, type ServerSentEvent } from './reply.ts';
import { PIXEL } from './response-items.ts';
import { type Call, type Route, routeTable } from './router.ts';
import { words } from './tokens.ts';
import type { World } from './world.ts';

const TRANSCRIPT = 'This is what was said.';

const IMAGE_USAGE = {
  input_tokens: 20,
  input_tokens_details: { image_tokens: 0, text_tokens: 20 },
  output_tokens: 272,
  total_tokens: 292,
};
const TRANSCRIPT_USAGE = {
  type: 'tokens',
  input_tokens: 14,
  input_token_details: { audio_tokens: 14, text_tokens: 0 },
  output_tokens: 6,
  total_tokens: 20,
};

/** Images, speech, transcriptions, translations, moderations and videos. */
export function mediaRoutes(world: World): readonly Route[] {
  return [
    ...routeTable({
      'POST /images/generations': (call) => makeImages(world, call, 'image_generation'),
      'POST /images/edits': (call) => makeImages(world, call, 'image_edit'),
      'POST /audio/speech': speak,
      'POST /audio/transcriptions': transcribe,
      'POST /audio/translations': transcribe,
      'POST /moderations': (call) => moderate(world, call),
    }),
    ...['/videos', '/videos/edits', '/videos/extensions', '/videos/{video_id}/remix'].map((path) => ({
      method: 'POST' as const,
      path,
      answer: (call: Call) => queueVideo(world, call),
    })),
  ];
}

/** A value of a JSON body, or of a form as it came. */
function bodyValue({ body }: Call, name: string): string | undefined {
  if (typeof body === 'string') return new RegExp(`name="${name}"\\r\\n\\r\\n(.*?)\\r\\n`).exec(body)?.[1];
  const value = (body as Readonly<Record<string, unknown>> | null)?.[name];
  return value === undefined || value === null ? undefined : String(value);
}

function makeImages(world: World, call: Call, kind: string): Reply {
  const image = { background: 'opaque', output_format: 'png', quality: 'low', size: '1024x1024' };
  const created = world.clock.now();
  if (bodyValue(call, 'stream') === 'true') {
    const shared = { b64_json: PIXEL, created_at: created, ...image };
    const previews = Number(bodyValue(call, 'partial_images') ?? 0);
    const events = [
      ...Array.from({ length: previews }, (_, index) => ({
        type: `${kind}.partial_image`,
        ...shared,
        partial_image_index: index,
      })),
      { type: `${kind}.completed`, ...shared, usage: IMAGE_USAGE },
    ];
    return eventStream(events.map((data) => ({ event: data.type, data })));
  }
  const count = Number(bodyValue(call, 'n') ?? 1);
  // Only the GPT image models tell what they have spent; the models before them give addresses.
  if (bodyValue(call, 'model')?.startsWith('gpt-image') !== true) {
    const url = 'https://images.example/simulated.png';
    return json({ created, data: Array.from({ length: count }, () => ({ url })) });
  }
  const data = Array.from({ length: count }, () => ({ b64_json: PIXEL }));
  return json({ created, data, usage: IMAGE_USAGE, ...image });
}

function speak(call: Call): Reply {
  const sound = Buffer.from('simulated sound');
  if (bodyValue(call, 'stream_format') !== 'sse') return bytes(sound);
  return eventStream([
    { data: { type: 'speech.audio.delta', audio: sound.toString('base64') } },
    {
      data: { type: 'speech.audio.done', usage: { input_tokens: 14, output_tokens: 101, total_tokens: 115 } },
    },
  ]);
}

/** `whisper-1` bills the seconds, the models after it tokens. */
function transcribe(call: Call): Reply {
  const model = bodyValue(call, 'model');
  if (model === undefined) throw missing('model');
  const format = bodyValue(call, 'response_format') ?? 'json';
  if (bodyValue(call, 'stream') === 'true') return eventStream(transcriptEvents());
  if (format === 'text')
    return { status: 200, headers: { 'content-type': 'text/plain' }, chunks: [TRANSCRIPT] };
  const usage = model === 'whisper-1' ? { type: 'duration', seconds: 9 } : TRANSCRIPT_USAGE;
  if (format !== 'verbose_json') return json({ text: TRANSCRIPT, usage });
  return json({ task: 'transcribe', language: 'english', duration: 8.5, text: TRANSCRIPT, segments: [] });
}

function transcriptEvents(): ServerSentEvent[] {
  return [
    ...words(TRANSCRIPT).map((delta) => ({ data: { type: 'transcript.text.delta', delta } })),
    { data: { type: 'transcript.text.done', text: TRANSCRIPT, usage: TRANSCRIPT_USAGE } },
  ];
}

/** Whatever has the word "harm" in it is flagged. */
function moderate(world: World, call: Call): Reply {
  const body = call.body as OpenAI.ModerationCreateParams | null;
  if (body?.input === undefined) throw missing('input');
  const inputs: readonly unknown[] = Array.isArray(body.input) ? body.input : [body.input];
  const results = inputs.map((input) => {
    const flagged = JSON.stringify(input).includes('harm');
    return {
      flagged,
      categories: { violence: flagged },
      category_scores: { violence: flagged ? 0.9 : 0.01 },
      category_applied_input_types: { violence: ['text'] },
    };
  });
  return json({ id: world.identifiers.next('modr-'), model: 'omni-moderation-2024-09-26', results });
}

function queueVideo(world: World, call: Call): Reply {
  const prompt = bodyValue(call, 'prompt');
  if (prompt === undefined) throw missing('prompt');
  return json({
    id: world.identifiers.next('video_'),
    object: 'video',
    created_at: world.clock.now(),
    model: bodyValue(call, 'model') ?? 'sora-2',
    prompt,
    status: 'queued',
    progress: 0,
    seconds: bodyValue(call, 'seconds') ?? '4',
    size: '720x1280',
    completed_at: null,
    error: null,
    expires_at: null,
    remixed_from_video_id: null,
  });
}
