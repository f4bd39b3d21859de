import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { instrumentOpenAI } from '../../src/client.ts';
import { type Program, startProgram } from '../support/program.ts';
import { startSimulator } from '../support/simulator/index.ts';

const PATH = '/v1/vector_stores/vs_1/files/file_1';

function answer({ simulator }: Program, ...statuses: readonly string[]): void {
  for (const status of statuses)
    simulator.next({
      when: { method: 'GET', path: PATH },
      body: { id: 'file_1', object: 'vector_store.file', status },
    });
}

const poll = ({ client }: Program): Promise<unknown> =>
  client.vectorStores.files.poll('vs_1', 'file_1', { pollIntervalMs: 1 });

describe('a poll helper', () => {
  it.each(['of a client', 'of a class'])('that waits for a file is one span, too (%s)', async (target) => {
    const program = await startProgram();
    if (target === 'of a class') instrumentOpenAI(OpenAI);
    for (const status of ['uploaded', 'uploaded', 'error'])
      program.simulator.next({
        when: { method: 'GET', path: '/v1/files/file_1' },
        body: { id: 'file_1', object: 'file', status, status_details: 'No JSON.' },
      });
    const wait = () => program.client.files.waitForProcessing('file_1', { pollInterval: 1 });
    expect(await program.inSpan(wait)).toMatchObject({ status: 'error' });
    await program.expectTree(`
      program
      └─ GET /files/{file_id}  !error openai.poll.count=3 openai.resource.status=error
    `);
  });

  it('is no loop of requests that the program makes itself', async () => {
    const program = await startProgram();
    answer(program, 'in_progress', 'completed');
    await program.inSpan(async () => {
      for (let asked = 0; asked < 2; asked++)
        await program.client.vectorStores.files.retrieve('file_1', { vector_store_id: 'vs_1' });
    });
    await program.expectTree(`
      program
      ├─ GET /vector_stores/{vector_store_id}/files/{file_id}  openai.resource.status=in_progress
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  openai.resource.status=completed
    `);
  });

  it('is an ordinary request if one is enough, and starts a new span after the previous poll has ended', async () => {
    const program = await startProgram();
    answer(program, 'completed', 'in_progress', 'completed', 'in_progress', 'failed');
    for (let polled = 0; polled < 3; polled++) await program.inSpan(() => poll(program));
    await program.expectTree(`
      program
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  openai.file.id=file_1

      program
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  openai.poll.count=2 openai.file.id=file_1

      program
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  !failed openai.poll.count=2 openai.file.id=file_1
    `);
    expect(program.telemetry.spans[0]?.attributes).not.toHaveProperty('openai.poll.count');
  });

  it('ends at shutdown if the program no longer polls', async () => {
    const program = await startProgram();
    const gone = new AbortController();
    answer(program, 'in_progress', 'in_progress');
    const polled = program.inSpan(() =>
      program.client.vectorStores.files.poll('vs_1', 'file_1', {
        pollIntervalMs: 1_000,
        signal: gone.signal,
      }),
    );
    await expect.poll(() => program.simulator.requests).toHaveLength(1);
    gone.abort();
    await expect(polled).rejects.toThrow();
    await program.telemetry.provider.shutdown();
    expect(program.telemetry.openSpans).toEqual([]);
  });

  it('fails with the failed request, and has its status and request id', async () => {
    const program = await startProgram();
    answer(program, 'in_progress');
    for (const id of ['req_first', 'req_last'])
      program.simulator.next({
        when: { method: 'GET', path: PATH },
        status: 500,
        headers: { 'x-request-id': id, 'retry-after-ms': '1' },
      });
    const client = program.client.withOptions({ maxRetries: 1 });
    await expect(program.inSpan(() => poll({ ...program, client }))).rejects.toThrow('500');
    await program.expectTree(`
      program
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  !InternalServerError openai.poll.count=2
         ├─ attempt                                            !500
         └─ attempt                                            !500
    `);
    expect(program.telemetry.spans.at(-2)?.attributes).toMatchObject({
      'http.response.status_code': 500,
      'http.request.resend_count': 1,
      'openai.request.id': 'req_last',
    });
  });

  it('is separate at each server and in each trace', async () => {
    const program = await startProgram();
    const simulator = await startSimulator();
    const client = program.client.withOptions({ baseURL: simulator.url });
    answer(program, 'in_progress', 'in_progress', 'completed', 'completed');
    answer({ ...program, simulator }, 'in_progress', 'completed');
    await Promise.all([
      program.inSpan(() => Promise.all([poll(program), poll({ ...program, client })]), 'first'),
      program.inSpan(() => poll(program), 'second'),
    ]);
    await simulator.close();
    await program.expectTree(`
      first
      ├─ GET /vector_stores/{vector_store_id}/files/{file_id}
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}

      second
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}
    `);
    const countsAt = (url: string): number[] =>
      program.telemetry.spans
        .filter(({ attributes }) => String(attributes['server.port']) === new URL(url).port)
        .map(({ attributes }) => Number(attributes['openai.poll.count'] ?? 1));
    expect(countsAt(simulator.url)).toEqual([2]);
    // Which of the two gets which answer is up to the network.
    expect(countsAt(program.simulator.url).reduce((sum, count) => sum + count)).toBe(4);
  });
});
