import { type Span, trace } from '@opentelemetry/api';
import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import type OpenAI from 'openai';
import { OpenAIInstrumentation } from '../../../src/index.ts';
import { STOP, type StepReply, type StepRequest } from './messages.ts';

/** What the steps of a process work with. */
export interface ServedProgram {
  /** A client of the API at `BASE_URL`. */
  readonly client: OpenAI;
  /** Runs something below a span of the program's own. */
  inSpan<Result>(name: string, run: (span: Span) => Promise<Result>): Promise<Result>;
}

/** Steps that a test has a process do, one after the other; parameters and results are what can be cloned. */
export type Steps<Known> = { readonly [Step in keyof Known]: (...parameters: never[]) => Promise<unknown> };

/**
 * The main function of a process: sets OpenTelemetry up as a program does, from the environment, loads
 * `openai` after that, and does what the test asks for until it is told to stop.
 */
export async function serve<Known extends Steps<Known>>(
  makeSteps: (program: ServedProgram) => Known,
  options: Partial<NodeSDKConfiguration> = {},
): Promise<void> {
  const sdk = new NodeSDK({ instrumentations: [new OpenAIInstrumentation()], ...options });
  sdk.start();
  const { default: Client } = await import('openai');
  const client = new Client({ apiKey: 'test', baseURL: process.env.BASE_URL, maxRetries: 0 });
  const steps = makeSteps({ client, inSpan });
  process.on('message', (message: StepRequest | typeof STOP) => {
    if (message !== STOP) void run(steps, message).then(reply);
    else
      void sdk.shutdown().finally(() => {
        process.disconnect();
      });
  });
  reply({});
}

async function run<Known extends Steps<Known>>(
  steps: Known,
  { step, parameters }: StepRequest,
): Promise<StepReply> {
  try {
    return { result: await steps[step as keyof Known](...(parameters as never[])) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function reply(message: StepReply): void {
  process.send?.(message);
}

function inSpan<Result>(name: string, run: (span: Span) => Promise<Result>): Promise<Result> {
  return trace.getTracer('program').startActiveSpan(name, async (span) => {
    try {
      return await run(span);
    } finally {
      span.end();
    }
  });
}
