import { expect, test } from 'vitest';
import { operationNameOf } from '../../src/operations/index.ts';
import { matchRoute } from '../../src/sdk/routes/index.ts';

test.each(['/threads/thread_1/runs', '/threads/runs', '/agents/sessions', '/agents/sessions/sess_1/events'])(
  'a request that starts a run or turn is invoke_agent for hooks: POST %s',
  (path) => {
    expect(operationNameOf(matchRoute('POST', path).route)).toBe('invoke_agent');
  },
);
