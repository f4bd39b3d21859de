import { beforeEach, describe, expect, test } from 'vitest';
import {
  type MaskingOptions,
  maskingHook,
  maskText,
  type OpenAIInstrumentationConfig,
  recordEvaluation,
  traced,
} from '../../../src/client.ts';
import { newCompletion } from '../../../src/telemetry/content/content-record.ts';
import { field } from '../../../src/util/payload.ts';
import { startTracedProgram } from '../../helpers/program.ts';
import { ask } from '../../support/ask.ts';
import { forgetNotices } from '../../support/process-state.ts';
import { recordedText } from '../../support/telemetry.ts';
import { collectWarnings } from '../../support/warnings.ts';

const MAIL = 'ada@example.com';
const CARD = 4111111111111111;
const SPEAKING = { content: true, eventContent: true };
const CALLER = { tags: [], metadata: {}, baggage: {} };
const SPAN_CONTEXT = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };

test('masks every field of a completion that has content', () => {
  const completion = newCompletion({ 'gen_ai.response.id': 'chatcmpl-1' }, SPAN_CONTEXT, CALLER);
  const text = { type: 'text' as const, content: `Write to ${MAIL}` };
  const sends = (given: object): object => ({
    role: 'assistant',
    finish_reason: 'tool_call',
    parts: [{ type: 'tool_call', id: 'call_1', name: 'send', arguments: given }],
  });
  Object.assign(completion, {
    systemInstructions: [text],
    inputMessages: [{ role: 'user', name: MAIL, parts: [text] }],
    outputMessages: [sends({ [MAIL]: [CARD, 42, true, null] })],
    toolDefinitions: [{ type: 'function', name: 'send', description: `Not to ${MAIL}` }],
    toolArguments: `{"to":"${MAIL}"}`,
    toolResult: { sent: MAIL },
    functionArguments: [MAIL],
    functionResult: MAIL,
    documents: [{ id: 'file-1', text: MAIL, score: 0.5 }],
    parameters: { 'gen_ai.request.stop_sequences': [MAIL] },
    errorMessage: `Unknown address ${MAIL}`,
    evaluationExplanation: `As ${MAIL} said`,
  });
  maskingHook()(completion);
  const { operation, spanContext, caller, attributes, ...content } = completion;
  expect(content).toEqual({
    systemInstructions: [{ type: 'text', content: 'Write to [email]' }],
    inputMessages: [
      { role: 'user', name: '[email]', parts: [{ type: 'text', content: 'Write to [email]' }] },
    ],
    outputMessages: [sends({ '[email]': ['[card]', 42, true, null] })],
    toolDefinitions: [{ type: 'function', name: 'send', description: 'Not to [email]' }],
    toolArguments: '{"to":"[email]"}',
    toolResult: { sent: '[email]' },
    functionArguments: ['[email]'],
    functionResult: '[email]',
    documents: [{ id: 'file-1', text: '[email]', score: 0.5 }],
    parameters: { 'gen_ai.request.stop_sequences': ['[email]'] },
    errorMessage: 'Unknown address [email]',
    evaluationExplanation: 'As [email] said',
  });
});

test('knows every field of a completion', () => {
  const { operation, spanContext, caller, attributes, ...content } = newCompletion({}, SPAN_CONTEXT, CALLER);
  const before = Object.keys(content).map((name) => [name, MAIL]);
  const completion = Object.assign(newCompletion({}, SPAN_CONTEXT, CALLER), Object.fromEntries(before));
  maskingHook()(completion);
  for (const [name = ''] of before) expect(completion).toHaveProperty(name, '[email]');
});

test('leaves the data of media if it is base64, and names that mean something to JavaScript', () => {
  const completion = newCompletion({}, SPAN_CONTEXT, CALLER);
  const blob = { type: 'blob' as const, modality: 'image', content: `${'AKIA'.repeat(20)}+49301234567==` };
  const text = { type: 'blob' as const, modality: 'image', content: MAIL };
  completion.inputMessages = [{ role: 'user', parts: [blob, text] }];
  completion.toolResult = JSON.parse(`{"__proto__":{"to":"${MAIL}"}}`);
  maskingHook()(completion);
  expect(completion.inputMessages[0]?.parts).toEqual([blob, { ...text, content: '[email]' }]);
  expect(JSON.stringify(completion.toolResult)).toBe('{"__proto__":{"to":"[email]"}}');
});

describe('one piece on which masking fails does not cost the others', () => {
  const BLOB = { type: 'blob' as const, modality: 'image' };
  const CHAT = { model: 'gpt-4o' };
  const config = { captureMessageContent: 'SPAN_ONLY' as const };

  test.each([5_000_000, 20_000_000])('an image of %i characters is left as it is', (length) => {
    for (const piece of ['A', 'A+/9', 'A\n', ' A']) {
      const completion = newCompletion({}, SPAN_CONTEXT, CALLER);
      const content = `${piece.repeat(length / piece.length)}==`;
      completion.inputMessages = [{ role: 'user', parts: [{ ...BLOB, content }] }];
      completion.outputMessages = [{ role: 'assistant', parts: [{ type: 'text', content: `To ${MAIL}` }] }];
      maskingHook()(completion);
      // Not `toEqual`, which would print megabytes.
      expect(field(completion.inputMessages[0]?.parts[0], 'content') === content).toBe(true);
      expect(completion.outputMessages[0]?.parts).toEqual([{ type: 'text', content: 'To [email]' }]);
    }
  });

  test('nor does an image of megabytes with anything else in it', () => {
    for (const [before, after] of [
      [`${MAIL} `, ''],
      ['', ` ${MAIL}`],
    ]) {
      const completion = newCompletion({}, SPAN_CONTEXT, CALLER);
      const content = before + 'A '.repeat(2_500_000) + after;
      completion.inputMessages = [{ role: 'user', parts: [{ ...BLOB, content }] }];
      maskingHook()(completion);
      const shown = String(field(completion.inputMessages[0]?.parts[0], 'content'));
      expect(shown.includes(MAIL)).toBe(false);
      expect(shown.length).toBeLessThanOrEqual(262_145);
    }
  });

  test('an operation with such an image, a sound and a file has its other content', async () => {
    const { client, telemetry } = await startTracedProgram(
      { ...config, completionHook: maskingHook() },
      SPEAKING,
    );
    const data = 'A'.repeat(5_000_000);
    const content = [
      { type: 'text' as const, text: `Write to ${MAIL}` },
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${data}` } },
      { type: 'input_audio' as const, input_audio: { data, format: 'wav' as const } },
      { type: 'file' as const, file: { file_data: `data:application/pdf;base64,${data}` } },
    ];
    await client.chat.completions.create({ ...CHAT, messages: [{ role: 'user', content }] });
    const recorded = String(telemetry.spans[0]?.attributes['gen_ai.input.messages']);
    expect(recorded).toContain('Write to [email]');
    expect(recorded.match(/"size":3750000/g)).toHaveLength(3);
  });

  /** A pattern of the program that runs out of stack on a text with many of the letter. */
  const patterns = { hostile: new RegExp(`^(?:${'(?:'.repeat(20)}z${')?'.repeat(20)})*!`) };
  const failing = 'z'.repeat(262_144);

  test('a text on which a pattern of the program fails, which is said for each field', async () => {
    forgetNotices();
    const { client, telemetry, warnings } = await startTracedProgram(
      { ...config, completionHook: maskingHook({ patterns }) },
      SPEAKING,
    );
    const messages = [
      { role: 'user' as const, content: failing },
      { role: 'user' as const, content: `Write to ${MAIL}` },
    ];
    for (let count = 0; count < 2; count++) await client.chat.completions.create({ ...CHAT, messages });
    await traced('fail', async () => failing)();
    const [chat, , call] = telemetry.spans;
    expect(String(chat?.attributes['gen_ai.input.messages'])).toContain('[masked]');
    expect(String(chat?.attributes['gen_ai.input.messages'])).toContain('Write to [email]');
    expect(chat?.attributes['gen_ai.output.messages']).toBeDefined();
    expect(call?.attributes['openai.trace.output']).toBe('"[masked]"');
    const told = warnings.splice(0).filter((line) => line.includes('Masking failed'));
    expect(told.map((line) => /Masking failed in \w+ \(\w+\)/.exec(line)?.[0])).toEqual([
      'Masking failed in inputMessages (RangeError)',
      'Masking failed in functionResult (RangeError)',
    ]);
  });

  test('a text alone', () => {
    collectWarnings();
    expect(maskText(failing, { patterns })).toBe('[masked]');
    expect(maskText(MAIL, { patterns })).toBe('[email]');
  });
});

test('what is recorded is masked on spans and events, and what the program gets is not', async () => {
  const { client, telemetry } = await startTracedProgram(
    { captureMessageContent: 'SPAN_AND_EVENT', completionHook: maskingHook() },
    SPEAKING,
  );
  const messages = [{ role: 'user' as const, content: `Repeat: ${MAIL}` }];
  const { id } = await ask(client, '', { messages });
  expect(await traced('send', async (to: string) => `sent to ${to}`)(MAIL)).toBe(`sent to ${MAIL}`);
  recordEvaluation({ responseId: id, name: 'helpfulness', explanation: `As ${MAIL} said` });
  const recorded = recordedText(telemetry);
  expect(recorded).not.toContain(MAIL);
  for (const shown of ['Repeat: [email]', 'sent to [email]', 'As [email] said'])
    expect(recorded).toContain(shown);
  expect(messages[0]?.content).toBe(`Repeat: ${MAIL}`);
});

test('finds what a traced generator yields in pieces', async () => {
  const { telemetry } = await startTracedProgram(
    { captureMessageContent: 'SPAN_ONLY', completionHook: maskingHook() },
    SPEAKING,
  );
  const tokens = ['Write to', ' ada', '@example', '.com', '.'];
  const answer = traced('answer', async function* () {
    yield* tokens;
  });
  const heard: string[] = [];
  for await (const token of answer()) heard.push(token);
  expect(heard).toEqual(tokens);
  expect(telemetry.spans.map(({ attributes }) => attributes['openai.trace.output'])).toEqual([
    '["Write to"," [email]","","","."]',
  ]);
});

describe('a masking hook that is set up wrongly', () => {
  beforeEach(() => forgetNotices());

  /** What is recorded of a call, a function and an evaluation, and what is reported. */
  async function recordedWith(completionHook: unknown): Promise<{ recorded: string; told: string[] }> {
    const config = { captureMessageContent: 'SPAN_AND_EVENT', completionHook } as OpenAIInstrumentationConfig;
    const { client, telemetry, warnings } = await startTracedProgram(config, SPEAKING);
    for (let count = 0; count < 2; count++) await ask(client, `Repeat: ${MAIL} ORD-1`);
    await traced('send', async (to: string) => `sent to ${to}`)(MAIL);
    recordEvaluation({ responseId: 'chatcmpl-1', name: 'helpfulness', explanation: `As ${MAIL} said` });
    const told = warnings.splice(0).filter((line) => /mask|completionHook is/.test(line));
    return { recorded: recordedText(telemetry), told };
  }

  const told = (problem: string): string[] => [
    `opentelemetry-instrumentation-openai: ${problem} Correct or remove it.`,
  ];

  const received = 'maskingHook received a completion: it is not a hook, but creates one with maskingHook().';
  const returned = 'option completionHook returns a function, such as maskingHook instead of maskingHook().';

  test.each<[string, unknown, string]>([
    ['maskingHook itself', maskingHook, received],
    ['a function that makes a hook', () => maskingHook(), returned],
    ['a hook that calls it with the completion', (given: object) => void maskingHook(given), received],
  ])('records nothing with %s', async (_, hook, problem) => {
    const { recorded, told: all } = await recordedWith(hook);
    for (const hidden of ['Repeat', MAIL, 'sent to', 'said']) expect(recorded).not.toContain(hidden);
    const corrections = all.filter((line) => line.includes('Correct or remove it.'));
    expect(corrections).toEqual(told(`${problem} No content is recorded.`));
  });

  test('clears a completion that it receives: where a rejected promise is not seen at once, the error comes too late', () => {
    const completion = newCompletion({}, SPAN_CONTEXT, CALLER);
    completion.inputMessages = [{ role: 'user', parts: [{ type: 'text', content: MAIL }] }];
    completion.toolResult = MAIL;
    expect(() => maskingHook(completion as never)).toThrow(TypeError);
    expect(completion).toMatchObject({ inputMessages: [], toolResult: undefined });
  });

  test.each<[string, unknown]>([
    ['kinds that are no list', { kinds: 'email' }],
    ['an unknown kind', { kinds: ['emails'] }],
    ['an unknown kind beside a known one', { kinds: ['phone', 'emails'] }],
    ['kinds in an object', { kinds: { email: true } }],
    ['an unknown name', { pattern: { order: /ORD-\d/ } }],
    ['a pattern that is text', { patterns: { order: 'ORD-\\d' } }],
    ['a pattern without a name', { patterns: /ORD-\d/ }],
    ['patterns in a map', { patterns: new Map([['order', /ORD-\d/]]) }],
    ['a pattern that is no object of the platform', { patterns: { order: { source: '(', flags: '' } } }],
    ['a list', [/ORD-\d/]],
    ['a pattern alone', /ORD-\d/],
  ])('masks all content with %s', async (_, options) => {
    const { recorded, told: all } = await recordedWith(maskingHook(options as MaskingOptions));
    for (const hidden of ['Repeat', 'ORD-1', MAIL, 'sent to', 'said']) expect(recorded).not.toContain(hidden);
    expect(all).toEqual(
      told(
        'masking options are malformed; accepted: kinds, a list of email, phone, card, key, and patterns, an object of ' +
          'regular expressions. All content is masked.',
      ),
    );
    expect(maskText('ORD-1', options as MaskingOptions)).toBe('[masked]');
  });

  test('masks as by default without options, and with ones that are not set', () => {
    const warnings = collectWarnings();
    const unset = { kinds: null, patterns: null, pattern: undefined };
    for (const options of [null, {}, { kinds: undefined }, unset])
      expect(maskText(`${MAIL} ORD-1`, options as MaskingOptions)).toBe('[email] ORD-1');
    const kinds = new Set(['email']);
    expect(maskText(`${MAIL} ${CARD}`, { kinds } as unknown as MaskingOptions)).toBe(`[email] ${CARD}`);
    expect(maskText('ORD-1', { patterns: { order: /ORD-\d/, user: undefined as never } })).toBe('[order]');
    expect(warnings).toEqual([]);
  });
});

test('finds all matches of a pattern, whatever its flags and wherever it last matched', () => {
  const text = 'Of ORD-1: ORD-2, ord-3.';
  for (const [flags, shown] of [
    ['', 'Of [order]: [order], ord-3.'],
    ['y', 'Of [order]: [order], ord-3.'],
    ['gy', 'Of [order]: [order], ord-3.'],
    ['iy', 'Of [order]: [order], [order].'],
    ['giuy', 'Of [order]: [order], [order].'],
  ] as const) {
    const order = new RegExp('ord-\\d'.replace('ord', flags.includes('i') ? 'ord' : 'ORD'), flags);
    order.lastIndex = 12;
    for (let count = 0; count < 2; count++)
      expect(maskText(text, { kinds: [], patterns: { order } })).toBe(shown);
    expect(order.lastIndex).toBe(12);
  }
});

test('masks everything if it is called in an async hook instead of what it returns', async () => {
  const program = await startTracedProgram(
    {
      captureMessageContent: 'SPAN_ONLY',
      completionHook: async (completion) => maskingHook(completion as MaskingOptions),
    },
    { ...SPEAKING, mayLog: true },
  );
  await ask(program.client, MAIL);
  expect(recordedText(program.telemetry)).not.toContain(MAIL);
});
