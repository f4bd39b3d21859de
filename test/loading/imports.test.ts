import { describe, expect, test } from 'vitest';
import { useSimulator } from '../support/lanes/api.ts';
import { runProgram } from '../support/lanes/program.ts';

/** A way to get hold of the SDK, as a program would write it. */
interface Import {
  readonly format: 'cjs' | 'mjs';
  /** Gives a `client`, or several. */
  readonly code: string;
  /** The first major that has the path. */
  readonly since?: number;
  /** How many clients make a call. Default: one. */
  readonly clients?: number;
}

const CLIENT = 'const clients = [new OpenAI({ apiKey, baseURL })];';
const AZURE = `const clients = [new AzureOpenAI({ apiKey, baseURL, apiVersion: '2024-10-21' })];`;

const IMPORTS: readonly Import[] = [
  { format: 'mjs', code: `import OpenAI from 'openai';\n${CLIENT}` },
  { format: 'mjs', code: `import { OpenAI } from 'openai';\n${CLIENT}` },
  { format: 'mjs', code: `import * as sdk from 'openai';\nconst { OpenAI } = sdk;\n${CLIENT}` },
  { format: 'mjs', code: `const { default: OpenAI } = await import('openai');\n${CLIENT}` },
  { format: 'mjs', code: `import OpenAI from 'openai/index.mjs';\n${CLIENT}` },
  { format: 'mjs', code: `import sdk from 'openai/index.js';\nconst { OpenAI } = sdk;\n${CLIENT}` },
  { format: 'mjs', code: `import { OpenAI } from 'openai/client';\n${CLIENT}`, since: 5 },
  { format: 'mjs', code: `import { OpenAI } from 'openai/client.mjs';\n${CLIENT}`, since: 5 },
  { format: 'mjs', code: `import { AzureOpenAI } from 'openai';\n${AZURE}` },
  { format: 'mjs', code: `import { AzureOpenAI } from 'openai/azure';\n${AZURE}`, since: 5 },
  {
    format: 'mjs',
    code: `import { createRequire } from 'node:module';
      const OpenAI = createRequire(import.meta.url)('openai');\n${CLIENT}`,
  },
  {
    format: 'mjs',
    code: `import OpenAI from 'openai';
      import { createRequire } from 'node:module';
      const { OpenAI: Other } = createRequire(import.meta.url)('openai');
      if (OpenAI === Other) throw new Error('not two builds');
      const clients = [new OpenAI({ apiKey, baseURL }), new Other({ apiKey, baseURL })];`,
    clients: 2,
  },
  { format: 'cjs', code: `const OpenAI = require('openai');\n${CLIENT}` },
  { format: 'cjs', code: `const { OpenAI } = require('openai');\n${CLIENT}` },
  { format: 'cjs', code: `const OpenAI = require('openai').default;\n${CLIENT}` },
  { format: 'cjs', code: `const OpenAI = require('openai/index.js');\n${CLIENT}` },
  { format: 'cjs', code: `const { OpenAI } = require('openai/client');\n${CLIENT}`, since: 5 },
  { format: 'cjs', code: `const { AzureOpenAI } = require('openai/azure');\n${AZURE}`, since: 5 },
  { format: 'cjs', code: `const { default: OpenAI } = await import('openai');\n${CLIENT}` },
];

const LANES = [
  { lane: 'openai-4.104', major: 4 },
  { lane: 'openai-6', major: 6 },
  { lane: 'openai-7', major: 7 },
];

describe.each(LANES)('$lane', ({ lane, major }) => {
  const simulator = useSimulator();

  const supported = IMPORTS.filter(({ since = 4 }) => major >= since);
  test.each(supported)('$format: $code', async ({ format, code, clients = 1 }) => {
    const { spans, stderr } = await runProgram({
      lane,
      parameters: [format === 'mjs' ? '--import' : '--require', `./sdk-3.${format}`],
      source: { format, text: programOf(format, code) },
      env: { BASE_URL: simulator().url },
    });
    expect(spans.map(({ name }) => name)).toEqual(Array(clients).fill('chat gpt-4o'));
    expect(stderr).not.toMatch(/opentelemetry-instrumentation-openai/);
  });
});

/** A call with each client; what is imported stands first, as ES modules want it. */
function programOf(format: Import['format'], code: string): string {
  const [imports, rest] = splitImports(code);
  const body = `
    const apiKey = 'test';
    const baseURL = process.env.BASE_URL;
    ${rest}
    for (const client of clients)
      await client.chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] });
  `;
  return format === 'mjs' ? `${imports}\n${body}` : `(async () => {${body}})();`;
}

function splitImports(code: string): [imports: string, rest: string] {
  const lines = code.split('\n');
  const isImport = (line: string): boolean => /^\s*import .* from /.test(line);
  return [lines.filter(isImport).join('\n'), lines.filter((line) => !isImport(line)).join('\n')];
}
