import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type RunnerTask, type RunnerTestCase, type RunnerTestSuite, TestRunner } from 'vitest';
import { Journal } from './journal.ts';

declare global {
  /** @returns whether the check of the mutant with this id is left out */
  var __mutant__: ((id: number) => boolean) | undefined;
}

/** How many checks a run may reach beyond three times those of the test. An endless loop reaches more. */
const MAX_MORE_CHECKS = 3_000_000;
/** How much longer a run may take than ten times the test. */
const MAX_MORE_MS = 1_000;

type Outcome = 'passes' | 'fails' | 'hangs';

/** Vitest's internal fields of a running test. */
interface RunningTest {
  onFinished?: readonly ((context: unknown) => unknown)[];
  onFailed?: unknown;
}

const journal = new Journal();
const { plan } = journal;
const attempt = join(journal.attempts, String(process.pid));
// Kept here, because tests replace the timers.
const { setTimeout, clearTimeout } = globalThis;

let reached: Set<number> | undefined;
let leftOut: number | undefined;
let checks = 0;
let maxChecks = Number.POSITIVE_INFINITY;

globalThis.__mutant__ = (id) => {
  reached?.add(id);
  checks++;
  if (leftOut === undefined) return false;
  if (checks > maxChecks) {
    checks = 0;
    throw new Error('The program does not end.');
  }
  return id === leftOut;
};

/** Once a test has passed, repeats it without each of the checks that the plan names for it. */
export default class MutationRunner extends TestRunner {
  readonly #killed = new Set<number>();
  #isSpoilt = false;
  #start = 0;

  override async onBeforeRunSuite(suite: RunnerTestSuite): Promise<void> {
    await super.onBeforeRunSuite(suite);
    if (!('filepath' in suite)) return;
    for (const { id } of journal.read('killed')) this.#killed.add(id);
    this.#isSpoilt = false;
  }

  override async onAfterRunSuite(suite: RunnerTestSuite): Promise<void> {
    await super.onAfterRunSuite(suite);
    if ('filepath' in suite && !this.#isSpoilt) journal.add('done', { file: pathOf(String(suite.filepath)) });
  }

  override async onBeforeRunTask(test: RunnerTask): Promise<void> {
    await super.onBeforeRunTask(test as never);
    if (plan !== undefined && this.#planned(test as RunnerTestCase).length === 0) test.mode = 'skip';
    reached = plan === undefined ? new Set() : undefined;
    this.#start = performance.now();
  }

  override async onAfterRetryTask(test: RunnerTestCase, options: never): Promise<void> {
    await super.onAfterRetryTask(test as never, options);
    const ms = Math.round(performance.now() - this.#start);
    const { result } = test;
    if (result?.state !== 'pass' || test.fails || test.concurrent) return;
    if (reached !== undefined) {
      journal.add('reached', { test: nameOf(test), ms, ids: [...reached] });
      return;
    }
    if (!this.#isSpoilt) await this.#tryAll(test, ms * 10 + MAX_MORE_MS);
    result.state = 'pass';
    delete result.errors;
  }

  #planned(test: RunnerTestCase): readonly number[] {
    return (plan?.[nameOf(test)] ?? []).filter((id) => !this.#killed.has(id));
  }

  async #tryAll(test: RunnerTestCase, maxMs: number): Promise<void> {
    maxChecks = Number.POSITIVE_INFINITY;
    if ((await run(this, test, maxMs)) !== 'passes') {
      journal.add('unrepeatable', { test: nameOf(test) });
      return;
    }
    maxChecks = checks * 3 + MAX_MORE_CHECKS;
    mkdirSync(journal.attempts, { recursive: true });
    for (const id of this.#planned(test)) {
      writeFileSync(attempt, JSON.stringify({ id, test: nameOf(test) }));
      if (await this.#kills(test, id, maxMs)) {
        this.#killed.add(id);
        journal.add('killed', { id, test: nameOf(test) });
        if (this.#isSpoilt) break;
      } else journal.add('survived', { id, test: nameOf(test) });
    }
    rmSync(attempt, { force: true });
  }

  /** Whether a test fails without a check. If it hangs, it must hang twice, because the machine may be busy. */
  async #kills(test: RunnerTestCase, id: number, maxMs: number): Promise<boolean> {
    const outcome = await run(this, test, maxMs, id);
    if (outcome === 'passes') return false;
    this.#isSpoilt = (await run(this, test, maxMs)) !== 'passes';
    return this.#isSpoilt || outcome === 'fails' || (await run(this, test, maxMs, id)) !== 'passes';
  }
}

/** Runs a test once more, without the check of the mutant `id`. */
async function run(runner: TestRunner, test: RunnerTestCase, maxMs: number, id?: number): Promise<Outcome> {
  leftOut = id;
  checks = 0;
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<'hangs'>((resolve) => {
    timer = setTimeout(() => resolve('hangs'), maxMs);
  });
  try {
    return await Promise.race([repeat(runner, test), hangs]);
  } finally {
    clearTimeout(timer);
    leftOut = undefined;
  }
}

/** One run of a test and its hooks, in the order in which Vitest runs them. */
async function repeat(runner: TestRunner, test: RunnerTestCase): Promise<Outcome> {
  let failed = false;
  const attempted = async (step: () => unknown): Promise<void> => {
    try {
      await step();
    } catch {
      failed = true;
    }
  };
  const cleanups: (() => unknown)[] = [];
  const suites = suitesOf(test);
  const { result } = test;
  if (result !== undefined) result.state = 'run';
  await attempted(async () => {
    runner.onBeforeTryTask(test as never, { retry: 0, repeats: 0 });
    for (const suite of suites) {
      for (const hook of TestRunner.getSuiteHooks(suite as never).beforeEach) {
        const cleanup: unknown = await hook(test.context as never, suite as never);
        if (typeof cleanup === 'function') cleanups.unshift(() => cleanup());
      }
    }
    await TestRunner.getTestFn(test as never)();
    runner.onAfterTryTask(test as never);
  });
  for (const suite of suites.reverse()) {
    for (const hook of TestRunner.getSuiteHooks(suite as never).afterEach.toReversed())
      await attempted(() => hook(test.context as never, suite as never));
  }
  const running = test as RunningTest;
  for (const cleanup of [...cleanups, ...(running.onFinished ?? []).toReversed()])
    await attempted(() => cleanup(test.context));
  delete running.onFinished;
  delete running.onFailed;
  return failed || (result?.state as string) === 'fail' ? 'fails' : 'passes';
}

/** The suites around a test, from the file to the innermost. */
function suitesOf(test: RunnerTestCase): RunnerTestSuite[] {
  const suites: RunnerTestSuite[] = [];
  for (let suite = test.suite; suite !== undefined; suite = suite.suite) suites.unshift(suite);
  return suites[0] === test.file ? suites : [test.file, ...suites];
}

function nameOf(test: RunnerTestCase): string {
  const names = suitesOf(test)
    .slice(1)
    .map(({ name }) => name);
  return [pathOf(test.file.filepath), ...names, test.name].join(' > ');
}

function pathOf(file: string): string {
  return relative(process.cwd(), file);
}
