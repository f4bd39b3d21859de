import { DiagLogLevel, diag } from '@opentelemetry/api';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { instrumentOpenAI, type OpenAIInstrumentationConfig, traced } from '../../src/client.ts';
import { OpenAIInstrumentation } from '../../src/index.ts';
import { collectLines } from '../support/diag-lines.ts';
import { forgetNotices, forgetObservers } from '../support/process-state.ts';
import { startProgram } from '../support/program.ts';

const MISTAKEN = { captureMesageContent: true } as OpenAIInstrumentationConfig;
const TOLD = expect.stringContaining(
  'option captureMesageContent is unknown; did you mean captureMessageContent?',
);

beforeEach(forgetObservers);

/** Collects the warnings that Node would print. */
function collectEmitted(): string[] {
  const emitted: string[] = [];
  const spy = vi
    .spyOn(process, 'emitWarning')
    .mockImplementation((warning) => void emitted.push(String(warning)));
  onTestFinished(() => spy.mockRestore());
  return emitted;
}

/** A program without a logger, and what Node would warn it of. */
async function startUnlogged() {
  const program = await startProgram({ mayLog: true });
  diag.disable();
  forgetNotices();
  return { ...program, emitted: collectEmitted() };
}

describe('without a logger, a mistake in the options is emitted as a warning', () => {
  test('once, at the first call', async () => {
    const { client, emitted } = await startUnlogged();
    instrumentOpenAI(client, MISTAKEN);
    instrumentOpenAI(client, MISTAKEN);
    expect(emitted).toEqual([]);
    await client.models.list();
    await client.models.list();
    expect(emitted).toEqual([TOLD]);
  });

  test('at the first call of a traced function', async () => {
    const { emitted } = await startUnlogged();
    const instrumentation = new OpenAIInstrumentation(MISTAKEN);
    onTestFinished(() => instrumentation.disable());
    traced('work', () => undefined)();
    expect(emitted).toEqual([TOLD]);
  });

  test('at once after the first call', async () => {
    const { client, emitted } = await startUnlogged();
    await client.models.list();
    instrumentOpenAI(client, MISTAKEN);
    expect(emitted).toEqual([TOLD]);
  });

  test('and a target that cannot be instrumented, too', async () => {
    const { emitted } = await startUnlogged();
    instrumentOpenAI({});
    expect(emitted).toEqual([expect.stringContaining('instrumentOpenAI ignored its target')]);
  });

  test('but nothing else that is logged', async () => {
    const { client, emitted } = await startUnlogged();
    instrumentOpenAI(client, { captureMessageContent: true });
    await client.models.list();
    expect(emitted).toEqual([]);
  });
});

test('a runtime without emitWarning prints the mistake', async () => {
  const { client } = await startUnlogged();
  const printed: string[] = [];
  const write = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => printed.push(String(text)) > 0);
  onTestFinished(() => write.mockRestore());
  Object.assign(process, { emitWarning: undefined });
  onTestFinished(() => void Reflect.deleteProperty(process, 'emitWarning'));
  instrumentOpenAI(client, MISTAKEN);
  await client.models.list();
  expect(printed).toEqual([TOLD]);
});

describe('with a logger, the logger alone hears of it', () => {
  test.each(['before', 'after'])('that was set %s the options', async (time) => {
    const { client, emitted } = await startUnlogged();
    onTestFinished(() => diag.disable());
    const early = time === 'before' ? collectLines() : undefined;
    instrumentOpenAI(client, MISTAKEN);
    const lines = early ?? collectLines();
    await client.models.list();
    expect(lines).toEqual([TOLD]);
    expect(emitted).toEqual([]);
  });

  test('even if it logs only errors', async () => {
    const { client, emitted } = await startUnlogged();
    onTestFinished(() => diag.disable());
    const lines = collectLines(DiagLogLevel.ERROR);
    instrumentOpenAI(client, MISTAKEN);
    await client.models.list();
    expect([...lines, ...emitted]).toEqual([]);
  });
});
