// Compiled, never run: what is instrumented has exactly the types that it has without.
import type * as api from '@opentelemetry/api';
import OpenAI, * as openai from 'openai';
import { OpenAIInstrumentation } from 'opentelemetry-instrumentation-openai';
import { instrumentOpenAI } from 'opentelemetry-instrumentation-openai/client';
import type DropIn from 'opentelemetry-instrumentation-openai/openai';
import * as dropIn from 'opentelemetry-instrumentation-openai/openai';

/** Whether two types are the same, not only assignable to each other. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `any`: what the types of a package become that is not found. */
type Unchecked = ReturnType<JSON['parse']>;

/** Compiles when the types are the same, and known. */
function expectSame<A, B>(
  ..._: [Same<A, B>, Same<A, Unchecked>] extends [true, false] ? [] : ['they differ']
): void {}

/** The exports of a module whose types are not the same in another one. */
type Differing<Module, Other> = {
  [Name in keyof Module]: Name extends keyof Other
    ? Same<Module[Name], Other[Name]> extends true
      ? never
      : Name
    : Name;
}[keyof Module];

const client = new OpenAI({ apiKey: 'key' });
class Subclass extends OpenAI {
  readonly extra: string = 'extra';
}

const instrumentedClient = instrumentOpenAI(client);
const instrumentedSubclass = instrumentOpenAI(new Subclass({ apiKey: 'key' }), {
  runSteps: 'observe',
});
const InstrumentedClass = instrumentOpenAI(OpenAI);
const instrumentedModule = instrumentOpenAI(openai);
expectSame<typeof instrumentedClient, OpenAI>();
expectSame<typeof instrumentedSubclass, Subclass>();
expectSame<typeof InstrumentedClass, typeof OpenAI>();
expectSame<typeof instrumentedModule, typeof openai>();

expectSame<typeof DropIn, typeof OpenAI>();
expectSame<InstanceType<typeof dropIn.OpenAI>, OpenAI>();
expectSame<dropIn.OpenAI.Chat.ChatCompletion, OpenAI.Chat.ChatCompletion>();
expectSame<Exclude<keyof typeof dropIn, 'createOpenAI'>, keyof typeof openai>();
expectSame<[Differing<typeof openai, typeof dropIn>], [never]>();
expectSame<ReturnType<typeof dropIn.createOpenAI>, OpenAI>();
expectSame<Parameters<typeof dropIn.createOpenAI>[0], ConstructorParameters<typeof OpenAI>[0]>();

// What a program does with a result is typed as ever.
export async function use(): Promise<string | null | undefined> {
  const body = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hello' }] };
  const { data } = await instrumentedClient.chat.completions.create(body).withResponse();
  for await (const chunk of await dropIn.createOpenAI().chat.completions.create({ ...body, stream: true })) {
    expectSame<typeof chunk, OpenAI.Chat.ChatCompletionChunk>();
  }
  return data.choices[0]?.message.content;
}

// The instrumentation takes providers of the installed line of OpenTelemetry.
export function provide(provider: api.TracerProvider, meterProvider: api.MeterProvider): void {
  const instrumentation = new OpenAIInstrumentation();
  instrumentation.setTracerProvider(provider);
  instrumentation.setMeterProvider(meterProvider);
}

// These must not compile, else nothing above says anything.
// @ts-expect-error A subclass is not its class.
expectSame<typeof instrumentedSubclass, OpenAI>();
// @ts-expect-error Assignable to each other, but not the same.
expectSame<Unchecked, OpenAI>();
// @ts-expect-error Only the ES module of this entry uses it.
export type Internal = typeof import('opentelemetry-instrumentation-openai/register').setImportedApi;
// @ts-expect-error There is no such option.
instrumentOpenAI(client, { captureEverything: true });
// @ts-expect-error There is no such value.
instrumentOpenAI(client, { captureMessageContent: 'SOMETIMES' });
