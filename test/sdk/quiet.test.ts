import { type DiagLogger, diag } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { Seam } from '../../src/sdk/seam.ts';

/** A failure is reported once for each place, so that this has to be a file of its own. */
test('clients with other promise classes cause no report', () => {
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const logger: DiagLogger = { error: say, warn: say, info: () => {}, debug: () => {}, verbose: () => {} };
  diag.setLogger(logger, { suppressOverrideMessage: true });
  class Client {
    request(): object {
      return { responsePromise: Promise.resolve() };
    }
    makeRequest(): void {}
  }
  const client = new Client();
  Seam.of(Client.prototype).observeClient(client, { start: () => undefined });
  expect(client.request()).not.toHaveProperty('parseResponse');
  diag.disable();
  expect(said).toEqual([]);
});
