import { expect, test } from 'vitest';
import { configurationFileVariable } from '../../src/register/config-file.ts';

test.each<[string | undefined, Record<string, string>]>([
  [undefined, {}],
  [undefined, { OTEL_CONFIG_FILE: ' ' }],
  ['OTEL_CONFIG_FILE', { OTEL_CONFIG_FILE: 'otel.yaml', OTEL_EXPERIMENTAL_CONFIG_FILE: 'old.yaml' }],
  ['OTEL_EXPERIMENTAL_CONFIG_FILE', { OTEL_EXPERIMENTAL_CONFIG_FILE: 'old.yaml' }],
])('a configuration file is named by %s in %j', (variable, environment) => {
  expect(configurationFileVariable(environment)).toBe(variable);
});
