import type { Lane } from '../../test/support/lanes/lanes.ts';
import type { Answer } from '../../test/support/simulator/index.ts';

/** A library that the tests do not use. A program in `programs/` uses it. */
export interface Framework {
  readonly lane: Lane;
  /** The API's answers, in order, in place of the usual ones. */
  readonly answers?: readonly Answer[];
  readonly env?: Readonly<Record<string, string>>;
  /** The module of `programs/` that sets up OpenTelemetry and this package, if it is not the usual one. */
  readonly setUp?: string;
  /** The tree of all spans, including those of other packages. */
  readonly tree: string;
  /** The tree if the program names its conversation. */
  readonly named?: string;
}

const SDK_3 = {
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/context-async-hooks': '3.1.1',
  '@opentelemetry/sdk-metrics': '3.1.1',
  '@opentelemetry/sdk-trace': '3.1.1',
};

/** An answer that calls the tool with the given arguments. */
function callingAnswer(given: object): Answer {
  const called = { name: 'Answer', arguments: JSON.stringify(given) };
  const message = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'call_1', type: 'function', function: called }],
  };
  return {
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o-mini',
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    },
  };
}

export const FRAMEWORKS: readonly Framework[] = [
  {
    lane: {
      name: 'langchain',
      packages: {
        langchain: '1.5.14',
        '@langchain/core': '1.4.0',
        '@langchain/openai': '1.6.0',
        zod: '4.6.7',
        ...SDK_3,
      },
    },
    // LangChain repeats the failed request itself, so the client makes two calls.
    answers: [{ status: 503, body: { error: { message: 'Overloaded.' } } }],
    tree: `
      chat gpt-4o-mini  !InternalServerError

      chat gpt-4o-mini

      chat gpt-4o-mini
      ├─ execute_tool solve
      └─ chat gpt-4o-mini
    `,
    named: `
      conversation
      ├─ chat gpt-4o-mini    !InternalServerError
      ├─ chat gpt-4o-mini
      ├─ chat gpt-4o-mini
      ├─ execute_tool solve
      └─ chat gpt-4o-mini
    `,
  },
  {
    lane: {
      name: 'instructor',
      packages: { '@instructor-ai/instructor': '1.7.0', openai: '7.57.0', zod: '3.25.76', ...SDK_3 },
    },
    answers: [callingAnswer({ answer: 2 }), callingAnswer({ answer: '2', sure: true })],
    tree: `
      chat gpt-4o-mini

      chat gpt-4o-mini
    `,
    named: `
      conversation
      ├─ chat gpt-4o-mini
      └─ chat gpt-4o-mini
    `,
  },
  {
    lane: {
      name: 'sentry',
      packages: { '@sentry/node': '11.12.0', openai: '7.57.0', ...SDK_3 },
    },
    tree: `
      chat gpt-4o-mini         gen_ai.usage.input_tokens=* gen_ai.response.finish_reasons=["tool_calls"]
      ├─ execute_tool solve
      └─ chat gpt-4o-mini      gen_ai.usage.input_tokens=* gen_ai.response.finish_reasons=["stop"]

      chat gpt-4o-mini         gen_ai.usage.input_tokens=* gen_ai.response.finish_reasons=["stop"]

      chat gpt-4o-mini         openai.stream.end=completed gen_ai.response.finish_reasons=["stop"]
    `,
  },
  {
    lane: {
      name: 'nestjs',
      packages: {
        '@nestjs/common': '12.5.1',
        '@nestjs/core': '12.5.1',
        '@nestjs/platform-express': '12.5.1',
        '@opentelemetry/instrumentation-http': '0.301.0',
        openai: '7.57.0',
        'reflect-metadata': '0.2.2',
        rxjs: '7.8.2',
        ...SDK_3,
      },
    },
    setUp: './with-http.mjs',
    tree: `
      GET
      └─ chat gpt-4o-mini
    `,
  },
  {
    lane: {
      name: 'ai-sdk',
      packages: {
        '@ai-sdk/openai': '4.0.118',
        '@ai-sdk/otel': '1.0.173',
        ai: '7.0.173',
        zod: '4.6.7',
        ...SDK_3,
      },
    },
    // All of these spans are recorded by the AI SDK itself.
    tree: `
      invoke_agent gpt-4o-mini
      ├─ step 1
      │  ├─ chat gpt-4o-mini
      │  └─ execute_tool solve
      └─ step 2
         └─ chat gpt-4o-mini

      invoke_agent gpt-4o-mini
      └─ step 1
         └─ chat gpt-4o-mini
    `,
  },
  {
    lane: {
      name: 'promptfoo',
      packages: {
        // The platform of the weekly run.
        '@libsql/linux-x64-gnu': '0.5.29',
        openai: '7.57.0',
        promptfoo: '0.123.1',
        ...SDK_3,
      },
      // Leaves out optional packages, which include browsers and models.
      flags: ['--omit=optional', '--ignore-scripts'],
    },
    env: {
      PROMPTFOO_CONFIG_DIR: './promptfoo-data',
      PROMPTFOO_DISABLE_TELEMETRY: '1',
      PROMPTFOO_DISABLE_UPDATE: '1',
    },
    // The call of the program's own provider, and the span of promptfoo for its own call.
    tree: `
      chat gpt-4o-mini

      chat gpt-4o-mini  promptfoo.provider.id=openai:chat:gpt-4o-mini
    `,
  },
];
