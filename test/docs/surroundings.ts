/** What a block of code in a document may use without declaring it, as its reader has it already: name → type. */
export const SURROUNDINGS: Readonly<Record<string, string>> = {
  answer: "(client: import('openai').OpenAI) => Promise<unknown>",
  chatId: 'string',
  client: "import('openai').OpenAI",
  exporter: "import('@opentelemetry/sdk-trace').InMemorySpanExporter",
  findNotes: '(question: string) => Promise<string>',
  graph:
    '{ invoke(input: object, options: object): Promise<object>; stream(input: object, options: object): Promise<AsyncIterable<[{ content: string }]>> }',
  getNodeAutoInstrumentations:
    "(config?: Readonly<Record<string, { enabled?: boolean }>>) => import('@opentelemetry/instrumentation').Instrumentation[]",
  messages: "import('openai').OpenAI.ChatCompletionMessageParam[]",
  model: 'string',
  userId: 'string',
};

/** Classes that an excerpt of a setup uses: name → the module it comes from. */
export const IMPORTED: Readonly<Record<string, string>> = {
  BatchSpanProcessor: '@opentelemetry/sdk-trace',
  NodeSDK: '@opentelemetry/sdk-node',
  OTLPTraceExporter: '@opentelemetry/exporter-trace-otlp-grpc',
  OpenAIInstrumentation: 'opentelemetry-instrumentation-openai',
  SimpleSpanProcessor: '@opentelemetry/sdk-trace',
};

/** Packages that documents use and that are not installed here: name → what is used of them. */
export const MODULES: Readonly<Record<string, string>> = {
  '@langchain/core/messages': 'export const HumanMessage: new (text: string) => object;',
  '@ai-sdk/otel': 'export class OpenTelemetry {}',
  esbuild:
    "export function build(options: { plugins: import('opentelemetry-instrumentation-openai/bundler').EsbuildPlugin[]; [option: string]: unknown }): Promise<void>;",
  ai: "export function registerTelemetry(integration: import('@ai-sdk/otel').OpenTelemetry): void;",
  express: `
    interface Request { body: { user: string; thread: string; question: string } }
    interface Response { json(body: object): void }
    interface Express {
      use(handler: object): Express;
      post(path: string, handler: (request: Request, response: Response) => Promise<void>): Express;
      listen(port: number): void;
    }
    const express: { (): Express; json(): object };
    export default express;`,
  '@opentelemetry/instrumentation-undici': `
    export const UndiciInstrumentation: new (config: {
      ignoreRequestHook(request: { origin: string }): boolean;
    }) => import('@opentelemetry/instrumentation').Instrumentation;`,
  '@opentelemetry/instrumentation-http':
    "export const HttpInstrumentation: new () => import('@opentelemetry/instrumentation').Instrumentation;",
};
