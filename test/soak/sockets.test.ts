import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SESSIONS = 1_500;

/** A process of its own: what is looked at is the memory and the handles of all of it. */
test('fifteen hundred sockets, half of which break, leave no span, memory or handle behind', async () => {
  const parameters = ['--expose-gc', 'scripts/soak/sockets.ts', String(SESSIONS)];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  const { sessions, started, ended, failed, unhandled, handles } = JSON.parse(stdout);
  expect({ sessions, unhandled, handles }).toEqual({ sessions: SESSIONS, unhandled: 0, handles: 0 });
  expect(started).toBeGreaterThan(SESSIONS);
  expect(ended).toBe(started);
  expect(failed).toBeGreaterThan(SESSIONS / 10);
});
