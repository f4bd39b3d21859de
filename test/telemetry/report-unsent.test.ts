import { expect, onTestFinished, test, vi } from 'vitest';
import { reportUnsent } from '../../src/telemetry/report-unsent.ts';
import { onConnect, startListening } from '../support/listening.ts';

const listening = startListening();

test('the report shows an endpoint without http:// as it is set, and without credentials', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  reportUnsent('user:secret@localhost:4318/v1/traces', 'no http://');
  const said = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  expect(said).toMatch(
    /could not send traces to localhost:4318\/v1\/traces \(no http:\/\/\)\. OTEL_EXPORTER_OTLP_ENDPOINT must start/,
  );
});

test.each([
  ['one after the other', 1],
  ['at the same time', 3],
])('failed exports are reported once, and the endpoint is checked once: %s', async (_, together) => {
  vi.resetModules();
  const { reportFailedExport } = await import('../../src/telemetry/report-unsent.ts');
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  const connections: number[] = [];
  onConnect(() => connections.push(connections.length));
  for (let count = 0; count < 3; count++) {
    const reports = Array.from({ length: together }, () =>
      reportFailedExport(`http://${listening()}/v1/traces`, { code: 400 }, {}).then(() =>
        expect(write).toHaveBeenCalledOnce(),
      ),
    );
    await Promise.all(reports);
  }
  expect(write).toHaveBeenCalledOnce();
  expect(connections).toHaveLength(1);
});
