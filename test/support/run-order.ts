import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files and projects that take longest, which come first: the last worker should not end long after the others. */
const LONGEST_FIRST: readonly string[] = [
  'soak',
  'test/examples/next.test.ts',
  'heap',
  'place',
  // It waits for programs that wait.
  'test/entries/units/lost-spans.test.ts',
  'browser',
  'lanes',
  'processes',
  'units',
  'shared',
];

export class RunOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number =>
      LONGEST_FIRST.findIndex((name) => name === project.name || moduleId.endsWith(`/${name}`));
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
