// Compiled, never run: an option may be `undefined`, as in `isLocal ? hook : undefined`.
import {
  type EventOptions,
  OpenAIInstrumentation,
  type OpenAIInstrumentationConfig,
} from 'opentelemetry-instrumentation-openai';
import type {
  Evaluation,
  MaskingOptions,
  TracedOptions,
  TraceMetadata,
} from 'opentelemetry-instrumentation-openai/client';
import {
  type CircuitBreakerExporterOptions,
  type ConsoleTreeExporterOptions,
  ContentStore,
  type ContentStoreLimits,
  type HtmlTraceExporterOptions,
  type TextStream,
} from 'opentelemetry-instrumentation-openai/export';
import type { SpanTreeOptions } from 'opentelemetry-instrumentation-openai/testing';

/** The options that may be absent, but not `undefined`. */
type Refusing<Options> = {
  [Name in keyof Options]-?: object extends Pick<Options, Name>
    ? { [Same in Name]: undefined } extends Pick<Options, Name>
      ? never
      : Name
    : never;
}[keyof Options];

function expectOptional<Options>(
  ..._: [Refusing<Options>] extends [never] ? [] : [refusing: Refusing<Options>]
): void {}

expectOptional<OpenAIInstrumentationConfig>();
expectOptional<EventOptions>();
expectOptional<TracedOptions>();
expectOptional<TraceMetadata>();
expectOptional<MaskingOptions>();
expectOptional<Evaluation>();
expectOptional<ConsoleTreeExporterOptions>();
expectOptional<TextStream>();
expectOptional<HtmlTraceExporterOptions>();
expectOptional<CircuitBreakerExporterOptions>();
expectOptional<ContentStoreLimits>();
expectOptional<SpanTreeOptions>();
new ContentStore({ folder: 'content', put: undefined });
new ContentStore({ put: () => undefined, folder: undefined });
export const isEnabled: boolean = new OpenAIInstrumentation({ enabled: undefined }).getConfig().enabled;

// These must not compile, else nothing above says anything.
// @ts-expect-error It has such an option.
expectOptional<{ readonly path?: string }>();
// @ts-expect-error Only tests set the clock.
export const clock: CircuitBreakerExporterOptions = { failures: 3, pause: 1_000, clock: () => 0 };
// @ts-expect-error One of them is required.
new ContentStore({ folder: undefined, put: undefined });
