import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test.each(['generatorNeverRead', 'generatorNoLongerRead', 'promiseNeverAsked'])(
  'the span of what nobody can read any more ends at the last thing that happened: %s',
  async (program) => {
    const parameters = ['--expose-gc', 'test/helpers/programs/left.ts', program];
    const { stdout } = await promisify(execFile)(process.execPath, parameters);
    expect(JSON.parse(stdout)).toEqual({ name: 'work', endedBefore: true });
  },
);
