import { expect, test } from 'vitest';
import { addressWithoutSecrets } from '../../src/telemetry/otlp-address.ts';

test.each(['https//user:secret@localhost:4318/v1/traces', 'https:/user:secret@localhost:4318/v1/traces'])(
  'an address without secrets has none of a path that may be a password: %s',
  (endpoint) => {
    expect(addressWithoutSecrets(endpoint)).not.toContain('secret');
  },
);
