import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test.each(['generatorNeverRead', 'generatorNoLongerRead', 'promiseNeverAsked'])(
  'a span whose result is garbage collected ends at the last event: %s',
  async (program) => {
    const parameters = ['--expose-gc', 'test/helpers/programs/garbage-collected-results.ts', program];
    const { stdout } = await promisify(execFile)(process.execPath, parameters);
    expect(JSON.parse(stdout)).toEqual({ name: 'work', endedBefore: true });
  },
);
