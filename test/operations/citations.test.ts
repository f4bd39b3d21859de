import { describe, expect, test } from 'vitest';
import { readThreadMessageContent } from '../../src/hierarchy/dialects/assistants.ts';
import { ChatAccumulator } from '../../src/operations/chat/accumulator.ts';
import { readOutputMessages } from '../../src/operations/chat/messages.ts';
import { citationParts } from '../../src/operations/citations.ts';
import { checkContent } from '../support/conventions/content.ts';
import { startProgram } from '../support/program.ts';
import { newest } from './recorded.ts';

const PAGE = {
  url: 'https://me:secret@x.example/?sig=secret',
  title: 'Tariffs',
  start_index: 0,
  end_index: 2,
};
const CITED_PAGE = { type: 'url_citation', url: 'https://x.example/?sig=REDACTED', title: 'Tariffs' };
const FILE = { type: 'file_citation', file_id: 'file-1', filename: 'tariffs.csv', index: 2 };
const CITED_FILE = { type: 'file_citation', file_id: 'file-1', filename: 'tariffs.csv' };
const TEXT = { type: 'text', content: '7%' };

describe('what an answer cites follows its text', () => {
  test.each([false, true])('in a response, streamed: %s', async (stream) => {
    const program = await startProgram({ content: true, config: { captureMessageContent: true } });
    program.simulator.respond({
      output: [{ message: '7%', annotations: [{ type: 'url_citation', ...PAGE }, FILE] }],
    });
    const answer = await program.client.responses.create({ model: 'gpt-4o', input: 'Tariff?', stream });
    if (Symbol.asyncIterator in answer) for await (const _ of answer);
    const { attributes: recorded } = newest(program.telemetry, 'chat');
    expect(JSON.parse(String(recorded['gen_ai.output.messages']))).toMatchObject([
      { parts: [TEXT, { type: 'citations', citations: [CITED_PAGE, CITED_FILE] }] },
    ]);
    await program.telemetry.verify();
  });

  test('in a chat completion, streamed or not', () => {
    const annotations = [{ type: 'url_citation', url_citation: PAGE }];
    const plain = { choices: [{ index: 0, finish_reason: 'stop', message: { content: '7%', annotations } }] };
    const streamed = new ChatAccumulator({ text: 1_000, span: 10_000, answer: 100_000 });
    for (const delta of [{ content: '7%', annotations: [] }, { annotations }])
      streamed.add({ choices: [{ index: 0, delta }] });
    streamed.add({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    for (const answer of [plain, streamed.result()]) {
      const messages = readOutputMessages(answer);
      expect(messages).toMatchObject([{ parts: [TEXT, { type: 'citations', citations: [CITED_PAGE] }] }]);
      expect(checkContent({ 'gen_ai.output.messages': messages }, 'structured', true)).toEqual([]);
    }
  });

  test('in a message of a thread', () => {
    const annotations = [{ type: 'file_path', text: 'sandbox:/a', file_path: { file_id: 'file-2' } }];
    const message = { role: 'assistant', content: [{ type: 'text', text: { value: '7%', annotations } }] };
    expect(readThreadMessageContent(message).parts).toEqual([
      TEXT,
      { type: 'citations', citations: [{ type: 'file_path', file_id: 'file-2' }] },
    ]);
  });
});

test('what a stream cites takes nothing from its text, and is recorded once', () => {
  const page = (index: number): object => ({
    type: 'url_citation',
    url_citation: { url: `https://x.example/${index}`, content: 'x'.repeat(8_000) },
  });
  const streamed = new ChatAccumulator({ text: 1_000, span: 2_000, answer: 4_000 });
  for (let index = 0; index < 200; index++)
    streamed.add({ choices: [{ index: 0, delta: { annotations: [page(0), page(index)] } }] });
  streamed.add({ choices: [{ index: 0, delta: { content: 'Done.' }, finish_reason: 'stop' }] });
  const [{ parts } = { parts: [] }] = readOutputMessages(streamed.result());
  expect(parts).toMatchObject([
    { type: 'text', content: 'Done.' },
    { type: 'citations', citations: { length: 128 } },
  ]);
  expect(JSON.stringify(parts)).not.toContain('xxx');
});

test.each([undefined, null, 5, [], [null, {}, { type: 5 }]])('%j cites nothing', (annotations) => {
  expect(citationParts(annotations)).toEqual([]);
});
