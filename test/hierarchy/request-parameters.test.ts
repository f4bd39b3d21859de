import { expect, it } from 'vitest';
import { parameterOf } from '../../src/hierarchy/request-parameters.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';

function threadOf(path: string): string | undefined {
  const { route, values } = matchRoute('post', path);
  return parameterOf(
    { route, values, method: 'POST', body: undefined, streamed: false, deployment: undefined },
    'thread_id',
  );
}

it('is the value in the path', () => {
  expect(threadOf('/threads/thread_1/messages')).toBe('thread_1');
});

it.each(['undefined', 'null'])(
  'is missing if an older SDK sent `%s` for an id that the program lacks',
  (sent) => {
    expect(threadOf(`/threads/${sent}/messages`)).toBeUndefined();
  },
);

it('is missing without such a parameter', () => {
  expect(threadOf('/vector_stores/vs_1/files')).toBeUndefined();
});
