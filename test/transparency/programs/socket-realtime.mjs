import { clientFor, plainConnection, socketClass, useSocket } from '../runtime/sockets.mjs';
import { talkInCircles } from '../runtime/voice.mjs';

export default async (world) => {
  const Class = await socketClass(import('openai/realtime/ws'), 'OpenAIRealtimeWS', world);
  const options = await plainConnection(world);
  const open = (Used) => new Used({ model: 'gpt-realtime', options }, clientFor(world));
  return [
    await useSocket(Class, open, talkInCircles),
    await useSocket(Class, open, talkInCircles, { listens: false }),
  ];
};
