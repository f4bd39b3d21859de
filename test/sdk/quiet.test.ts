import { expect, test } from 'vitest';
import { Seam } from '../../src/sdk/seam.ts';
import { collectWarnings } from '../support/warnings.ts';

/** A failure is reported once for each place, so that this has to be a file of its own. */
test('clients with other promise classes cause no report', () => {
  const warnings = collectWarnings();
  class Client {
    request(): object {
      return { responsePromise: Promise.resolve() };
    }
    makeRequest(): void {}
  }
  const client = new Client();
  Seam.of(Client.prototype).observeClient(client, { start: () => undefined });
  expect(client.request()).not.toHaveProperty('parseResponse');
  expect(warnings).toEqual([]);
});
