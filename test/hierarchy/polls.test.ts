import { describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../support/program.ts';

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
  it('is one span, from its first request to its last', async () => {
    const program = await startProgram();
    answer(program, 'in_progress', 'in_progress', 'completed');
    expect(await program.inSpan(() => poll(program))).toMatchObject({ status: 'completed' });
    await program.expectTree(`
      program
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  openai.poll.count=3 openai.file.id=file_1
    `);
    expect(program.simulator.requests).toHaveLength(3);
  });

  it('is an ordinary request if one is enough', async () => {
    const program = await startProgram();
    answer(program, 'completed');
    await program.inSpan(() => poll(program));
    await program.expectTree(`
      program
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}
    `);
    expect(program.telemetry.spans[0]?.attributes).not.toHaveProperty('openai.poll.count');
  });

  it('starts a new span after the previous poll has ended', async () => {
    const program = await startProgram();
    answer(program, 'in_progress', 'completed', 'in_progress', 'failed');
    await program.inSpan(() => poll(program));
    await program.inSpan(() => poll(program));
    await program.expectTree(`
      program
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  openai.poll.count=2

      program
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  openai.poll.count=2
    `);
  });

  it('fails with the failed request, and the program gets its error', async () => {
    const program = await startProgram();
    answer(program, 'in_progress');
    program.simulator.next({ when: { method: 'GET', path: PATH }, status: 404 });
    await expect(program.inSpan(() => poll(program))).rejects.toThrow('404');
    await program.expectTree(`
      program
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  !NotFoundError openai.poll.count=2
    `);
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

  it('is separate in each trace', async () => {
    const program = await startProgram();
    answer(program, 'in_progress', 'in_progress', 'completed', 'completed');
    await Promise.all([
      program.inSpan(() => poll(program), 'first'),
      program.inSpan(() => poll(program), 'second'),
    ]);
    await program.expectTree(`
      first
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  openai.poll.count=2

      second
      └─ GET /vector_stores/{vector_store_id}/files/{file_id}  openai.poll.count=2
    `);
  });
});
