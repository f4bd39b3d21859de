import { expect, onTestFinished, test, vi } from 'vitest';
import { functionResults } from '../../support/function-results.ts';
import { startProgram } from '../../support/program.ts';
import { millisecondsOf } from '../../support/times.ts';

test('a call begins no later than the request that answers it, though the clock was set back between them', async () => {
  const { client, simulator, ended } = await startProgram();
  simulator.respond({ output: [{ function: { name: 'get_weather', arguments: {} } }] });
  const asked = await client.responses.create({ model: 'gpt-4o', input: 'How is the weather?' });
  const date = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => date() - 3_000);
  onTestFinished(() => void vi.restoreAllMocks());
  const input = functionResults(asked, 'sunny');
  await client.responses.create({ model: 'gpt-4o', previous_response_id: asked.id, input });
  const [tool] = ended('execute_tool get_weather').map(({ startTime }) => millisecondsOf(startTime));
  const [, answer] = ended('chat').map(({ startTime }) => millisecondsOf(startTime));
  expect(tool).toBeLessThanOrEqual(Number(answer));
});
