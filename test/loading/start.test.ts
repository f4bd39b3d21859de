import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { findings, isOurs, runProgram } from '../support/lanes/program.ts';

const ASK = `
  const client = new OpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL });
  await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
`;
const APP = {
  mjs: `import OpenAI from 'openai'; ${ASK}`,
  cjs: `const OpenAI = require('openai'); (async () => {${ASK}})();`,
};

/**
 * OpenTelemetry's own hooks for ES modules, which wrap every module: in a thread of their own, and in that of the
 * program, as newer versions of what they are made of offer. openai 4 cannot stand that its shims are wrapped,
 * whoever else is there.
 */
const OTEL_HOOKS = [
  {
    name: 'hook',
    imports: `import { register } from 'node:module';`,
    register: `register('@opentelemetry/instrumentation/hook.mjs', import.meta.url,
      { data: { exclude: [/openai\\/_shims/] } });`,
  },
  {
    name: 'hook in one thread',
    imports: `import { register } from 'import-in-the-middle/register-hooks.mjs';`,
    register: `register({ exclude: [/openai\\/_shims/] });`,
  },
];
const SET_UP = `await import('./node-sdk.mjs');`;
const LATE_APP = {
  mjs: `const { default: OpenAI } = await import('openai'); ${ASK}`,
  cjs: `const { createRequire } = await import('node:module');
    const OpenAI = createRequire(import.meta.url)('openai'); ${ASK}`,
};

describe.each(['openai-4.104', 'openai-6', 'openai-7'])('%s: NodeSDK', (lane) => {
  const simulator = useSimulator();

  test.each([
    { parameters: ['--import', './node-sdk.mjs'], format: 'mjs' as const },
    { parameters: ['--import', './node-sdk.mjs'], format: 'cjs' as const },
    { parameters: ['--require', './node-sdk.cjs'], format: 'mjs' as const },
    { parameters: ['--require', './node-sdk.cjs'], format: 'cjs' as const },
  ])('node $parameters.0 $parameters.1 app.$format', async ({ parameters, format }) => {
    const outcome = await runProgram({
      lane,
      parameters,
      source: { format, text: APP[format] },
      env: { BASE_URL: simulator().url },
    });
    expect(outcome.spans.filter(isOurs).map(({ name }) => name)).toEqual(['chat gpt-4o']);
    expect(findings(outcome, { content: false })).toEqual([]);
    expect(outcome.metrics.map(({ descriptor }) => descriptor.name).sort()).toEqual([
      'gen_ai.client.operation.duration',
      'gen_ai.client.token.usage',
      'openai.client.ratelimit.limit_requests',
      'openai.client.ratelimit.limit_tokens',
      'openai.client.ratelimit.remaining_requests',
      'openai.client.ratelimit.remaining_tokens',
    ]);
  });

  describe.each(OTEL_HOOKS)("beside OpenTelemetry's own $name", ({ imports, register }) => {
    test.each([
      { order: 'before', format: 'mjs' as const, setUp: [register, SET_UP] },
      { order: 'after', format: 'mjs' as const, setUp: [SET_UP, register] },
      { order: 'before', format: 'cjs' as const, setUp: [register, SET_UP] },
      { order: 'after', format: 'cjs' as const, setUp: [SET_UP, register] },
    ])('registered $order ours, $format', async ({ format, setUp }) => {
      const { spans } = await runProgram({
        lane,
        source: { format: 'mjs', text: [imports, ...setUp, LATE_APP[format]].join('\n') },
        env: { BASE_URL: simulator().url },
      });
      expect(spans.filter(isOurs).map(({ name }) => name)).toEqual(['chat gpt-4o']);
    });
  });
});
