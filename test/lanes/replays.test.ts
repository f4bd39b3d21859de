import { beforeAll, describe, expect, test } from 'vitest';
import { assertSpanTree } from '../../src/testing.ts';
import { findings, type ProgramOutcome } from '../support/lanes/program.ts';
import { LANES_IN_TURN, runScenario, type Scenario } from '../support/lanes/scenario.ts';
import { POLLED_RUN, RUN_USAGE, STREAMED_RUN, UNREAD_RUN, UNSEEN } from '../support/lanes/trees.ts';
import { usageSum } from '../support/lanes/usage.ts';

const FIXTURES = 'test/fixtures/assistants';
const POLLING: Scenario = { name: 'polling', server: { recording: `${FIXTURES}/polling.json` } };
const STREAMING: Scenario = { name: 'streaming', server: { recording: `${FIXTURES}/streaming.json` } };

describe.each(LANES_IN_TURN)('$name, $format: the recorded polls', (row) => {
  const outcomes = runAllWays(POLLING, row);

  test('are one tree, with the usage on the run', () => {
    assertSpanTree(outcomes().without.spans, POLLED_RUN);
  });

  test('are recorded according to the conventions, with every token once', () => {
    const { without, with: withContent } = outcomes();
    expect(findings(without, { content: false })).toEqual([]);
    expect(findings(withContent, { content: true })).toEqual([]);
    expect(usageSum(without.spans)).toEqual(RUN_USAGE);
  });

  test('reach the program as without instrumentation', () => {
    const { bare, without, with: withContent } = outcomes();
    expect(without.result).toEqual(bare.result);
    expect(withContent.result).toEqual(bare.result);
  });

  test('are recorded without content, except with consent', () => {
    expectContentOnlyWithConsent([...ASKED, ...ANSWERED], outcomes());
  });
});

describe.each(LANES_IN_TURN)('$name, $format: the recorded stream', (row) => {
  const outcomes = runAllWays(STREAMING, row);
  const parsed = row.lane.openai !== '4.19.0';

  test('is one tree, with the usage on the steps', () => {
    const { spans } = outcomes().without;
    if (parsed) assertSpanTree(spans, STREAMED_RUN);
    else assertSpanTree(spans, UNREAD_RUN, { attributes: UNSEEN });
  });

  test('is recorded according to the conventions, with every token once', () => {
    const { without, with: withContent } = outcomes();
    expect(findings(without, { content: false })).toEqual([]);
    expect(findings(withContent, { content: true })).toEqual([]);
    expect(usageSum(without.spans)).toEqual(parsed ? RUN_USAGE : { input_tokens: 0, output_tokens: 0 });
  });

  test('reaches the program as without instrumentation', () => {
    const { bare, without, with: withContent } = outcomes();
    expect(without.result).toEqual(bare.result);
    expect(withContent.result).toEqual(bare.result);
  });

  test('is recorded without content, except with consent', () => {
    expectContentOnlyWithConsent(parsed ? [...ASKED, ...ANSWERED, ...CODE] : ASKED, outcomes());
  });
});

interface Outcomes {
  readonly bare: ProgramOutcome;
  readonly without: ProgramOutcome;
  readonly with: ProgramOutcome;
}

/** Runs the program as it is, instrumented, and instrumented with consent to record content. */
function runAllWays(scenario: Scenario, row: (typeof LANES_IN_TURN)[number]): () => Outcomes {
  let outcomes: Outcomes | undefined;
  beforeAll(async () => {
    outcomes = {
      bare: await runScenario(scenario, row, 'no'),
      without: await runScenario(scenario, row, 'without content'),
      with: await runScenario(scenario, row, 'with content'),
    };
  }, 60_000);
  return () => {
    if (outcomes === undefined) throw new Error('The program has not run.');
    return outcomes;
  };
}

/** Texts of the recordings: what the user asked and the agents were told, what was answered, what was run. */
const ASKED = ['3x + 11 = 14', 'Please address the user as Jane Doe', 'You are a personal math tutor'];
const ANSWERED = ['The solution to the equation'];
const CODE = ['import sympy as sp', 'sp.solve(equation, x)'];

function expectContentOnlyWithConsent(texts: readonly string[], outcomes: Outcomes): void {
  const found = (text: string): string[] => texts.filter((part) => text.includes(part));
  expect(found(JSON.stringify(outcomes.bare.result)), 'what the program itself has').toEqual(texts);
  expect(found(outcomes.without.recorded), 'what is recorded without consent').toEqual([]);
  expect(found(outcomes.with.recorded), 'what is recorded with consent').toEqual(texts);
}
