import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';

/** Ends the output with one plain line: `12 passed, 0 failed`, and how many were skipped if any were. */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    // A file that cannot be read has no tests: it counts as one that failed, as does an error outside of tests.
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandledErrors.length;
    const failed = count('failed') + broken || (reason === 'failed' ? 1 : 0);
    const skipped = count('skipped');
    const totals = `${count('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // Other reporters still write after this; nothing does at exit.
    process.once('exit', () => process.stdout.write(`${totals}\n`));
  }
}
