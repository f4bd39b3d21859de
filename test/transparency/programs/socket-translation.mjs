import { clientFor, plainConnection, socketClass, useSocket } from '../runtime/sockets.mjs';

export default async (world) => {
  const name = 'OpenAIRealtimeTranslationWS';
  const Class = await socketClass(import('openai/realtime/translations/ws'), name, world);
  const options = await plainConnection(world);
  // It refuses addresses without TLS.
  const client = clientFor(world, { baseURL: world.options.baseURL.replace('http:', 'https:') });
  const open = (Used) => Used.create(client, { model: 'gpt-realtime-translate', options });
  return [await useSocket(Class, open, talk), await useSocket(Class, open, talk, { listens: false })];
};

function talk(_, send) {
  send({ type: 'session.input_audio_buffer.append', audio: 'AAAA' });
  send({ type: 'bye' });
}
