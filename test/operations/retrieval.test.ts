import { describe, expect, test } from 'vitest';
import { startProgram } from '../support/program.ts';
import { attributesOf } from './recorded.ts';

describe('the search of a vector store', () => {
  test('is a retrieval, with the requested and returned number of results', async () => {
    const program = await startProgram();
    await program.client.vectorStores.search('vs_1', { query: 'secret', max_num_results: 2 });
    expect(attributesOf(program.telemetry, 'retrieval vs_1')).toEqual({
      'gen_ai.data_source.id': 'vs_1',
      'gen_ai.operation.name': 'retrieval',
      'gen_ai.provider.name': 'openai',
      'gen_ai.retrieval.top_k': 2,
      'http.response.status_code': 200,
      'openai.file_search.result_count': 2,
      'openai.request.id': 'req_00000000000000000000000000000001',
      'openai.vector_store.id': 'vs_1',
      'server.address': '127.0.0.1',
    });
  });

  test('has the query and the results with consent', async () => {
    const program = await startProgram({ content: true, config: { captureMessageContent: 'SPAN_ONLY' } });
    await program.client.vectorStores.search('vs_1', { query: ['refunds', 'returns'], max_num_results: 1 });
    const attributes = program.telemetry.spans[0]?.attributes ?? {};
    expect(attributes['gen_ai.retrieval.query.text']).toBe('refunds\nreturns');
    expect(JSON.parse(String(attributes['gen_ai.retrieval.documents']))).toEqual([
      { id: 'file-1', score: 0.9, name: 'chapter-1.md', content: 'What chapter 1 says.' },
    ]);
  });

  test('gives the program its page unchanged', async () => {
    const program = await startProgram();
    const page = await program.client.vectorStores.search('vs_1', { query: 'x' });
    expect(page.data.map(({ file_id }) => file_id)).toEqual(['file-1', 'file-2', 'file-3']);
  });
});
