import { expect, test } from 'vitest';
import { maskingHook, recordEvaluation, traced } from '../../../src/client.ts';
import { newCompletion } from '../../../src/telemetry/content/completion-hook.ts';
import { startTracedProgram } from '../program.ts';

const MAIL = 'ada@example.com';
const CARD = 4111111111111111;
const SPEAKING = { content: true, eventContent: true };
const SPAN_CONTEXT = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };

test('masks every field of a completion that has content', () => {
  const completion = newCompletion({ 'gen_ai.response.id': 'chatcmpl-1' }, SPAN_CONTEXT);
  const text = { type: 'text' as const, content: `Write to ${MAIL}` };
  Object.assign(completion, {
    systemInstructions: [text],
    inputMessages: [{ role: 'user', name: MAIL, parts: [text] }],
    outputMessages: [
      {
        role: 'assistant',
        finish_reason: 'tool_call',
        parts: [
          { type: 'tool_call', id: 'call_1', name: 'send', arguments: { [MAIL]: [CARD, 42, true, null] } },
        ],
      },
    ],
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
  const { operation, spanContext, attributes, ...content } = completion;
  expect(content).toEqual({
    systemInstructions: [{ type: 'text', content: 'Write to [email]' }],
    inputMessages: [
      { role: 'user', name: '[email]', parts: [{ type: 'text', content: 'Write to [email]' }] },
    ],
    outputMessages: [
      {
        role: 'assistant',
        finish_reason: 'tool_call',
        parts: [
          {
            type: 'tool_call',
            id: 'call_1',
            name: 'send',
            arguments: { '[email]': ['[card]', 42, true, null] },
          },
        ],
      },
    ],
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
  const { operation, spanContext, attributes, ...content } = newCompletion({}, SPAN_CONTEXT);
  const before = Object.keys(content).map((name) => [name, MAIL]);
  const completion = Object.assign(newCompletion({}, SPAN_CONTEXT), Object.fromEntries(before));
  maskingHook()(completion);
  for (const [name = ''] of before) expect(completion).toHaveProperty(name, '[email]');
});

test('leaves the data of media, and names that mean something to JavaScript', () => {
  const completion = newCompletion({}, SPAN_CONTEXT);
  const blob = { type: 'blob' as const, modality: 'image', content: 'hf_abcdefghijklmnopqrstuvwxyz' };
  completion.inputMessages = [{ role: 'user', parts: [blob] }];
  completion.toolResult = JSON.parse(`{"__proto__":{"to":"${MAIL}"}}`);
  maskingHook()(completion);
  expect(completion.inputMessages[0]?.parts).toEqual([blob]);
  expect(JSON.stringify(completion.toolResult)).toBe('{"__proto__":{"to":"[email]"}}');
});

test('what is recorded is masked on spans and events, and what the program gets is not', async () => {
  const { client, telemetry } = await startTracedProgram(
    { captureMessageContent: 'SPAN_AND_EVENT', completionHook: maskingHook() },
    SPEAKING,
  );
  const messages = [{ role: 'user' as const, content: `Repeat: ${MAIL}` }];
  const { id } = await client.chat.completions.create({ model: 'gpt-4o-mini', messages });
  expect(await traced('send', async (to: string) => `sent to ${to}`)(MAIL)).toBe(`sent to ${MAIL}`);
  recordEvaluation({ responseId: id, name: 'helpfulness', explanation: `As ${MAIL} said` });
  const recorded = JSON.stringify([
    telemetry.spans.map(({ attributes }) => attributes),
    telemetry.logRecords.map(({ attributes }) => attributes),
  ]);
  expect(recorded).not.toContain(MAIL);
  expect(recorded).toContain('Repeat: [email]');
  expect(recorded).toContain('sent to [email]');
  expect(recorded).toContain('As [email] said');
  expect(messages[0]?.content).toBe(`Repeat: ${MAIL}`);
});
