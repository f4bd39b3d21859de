import { clientFor, socketClass, useSocket, withPlainPlatform } from '../runtime/sockets.mjs';
import { talk } from '../runtime/voice.mjs';

export default async (world) => {
  const Class = await socketClass(import('openai/realtime/websocket'), 'OpenAIRealtimeWebSocket', world);
  const client = clientFor(world, { dangerouslyAllowBrowser: true });
  const open = (Used) => withPlainPlatform(() => new Used({ model: 'gpt-realtime' }, client), world);
  return [await useSocket(Class, open, talk), await useSocket(Class, open, talk, { listens: false })];
};
