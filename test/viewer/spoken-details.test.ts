import { expect, test } from 'vitest';
import { heardOf } from '../../src/viewer/answer-end.ts';
import { created, done, message, SESSION, sound } from '../hierarchy/realtime/events.ts';
import { startProgram } from '../support/program.ts';
import { openRealtime } from '../support/realtime-socket.ts';

test('an answer that was interrupted while it was played says how much of it was heard', async () => {
  const program = await startProgram();
  const { say, answer, socket, closed } = await openRealtime(program);
  await answer({ type: 'session.created', session: SESSION });
  for (const id of ['resp_1', 'resp_2'])
    await answer(created(id), sound(id), done(id, { output: [message(`item of ${id}`, 'Yes.')] }));
  const truncation = { type: 'conversation.item.truncate', content_index: 0, audio_end_ms: 2_400 };
  await say({ ...truncation, item_id: 'item of resp_2' });
  socket.close();
  await closed();
  const events = program.telemetry.spans.find(({ name }) => name === 'realtime')?.events ?? [];
  const heard = ['resp_1', 'resp_2', undefined].map((id) => heardOf(id, events));
  expect(heard).toEqual([undefined, 'interrupted after 2.4 s', undefined]);
});
