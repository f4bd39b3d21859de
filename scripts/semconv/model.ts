/** The joined registry: what this package may record. */
export interface Registry {
  readonly attributes: ReadonlyMap<string, AttributeDefinition>;
  readonly groups: ReadonlyMap<string, AttributeGroup>;
  readonly spans: readonly SpanDefinition[];
  readonly metrics: readonly MetricDefinition[];
  readonly events: readonly EventDefinition[];
}

export interface AttributeDefinition {
  readonly name: string;
  /** `string`, `int`, `double`, `boolean`, `string[]`, `any` or `template[…]`; an enum is a string with members. */
  readonly type: string;
  /** Known values of an enum, else empty. */
  readonly members: readonly string[];
  /** Whether the enum admits no other value. */
  readonly closed: boolean;
  readonly brief: string;
  readonly examples: readonly unknown[];
  /** When it is there, for signals of the conventions that make it conditional. */
  readonly condition?: string | undefined;
  /** Who defines it: this package, the GenAI conventions, or OpenTelemetry's core conventions. */
  readonly origin: 'openai' | 'gen_ai' | 'core';
  /** File name of the JSON schema of its value, for content. */
  readonly schema?: string | undefined;
}

/** An attribute on a signal or in a group. */
export interface AttributeUse {
  readonly name: string;
  readonly level: 'required' | 'conditionally_required' | 'recommended' | 'opt_in';
  readonly condition?: string | undefined;
  /** Given when the span starts, so that samplers see it. */
  readonly samplingRelevant?: boolean | undefined;
  /** The group it came with. */
  readonly group?: string | undefined;
  /** Path parameters that fill it. */
  readonly pathParameters?: readonly string[] | undefined;
}

export interface AttributeGroup {
  readonly id: string;
  readonly brief: string | undefined;
  readonly attributes: readonly AttributeUse[];
}

export interface SpanDefinition {
  readonly id: string;
  /** The span of the conventions that it refines; without, the span is ours. */
  readonly refines?: string | undefined;
  readonly kind: string;
  /** Values of `gen_ai.operation.name`; none for spans of ours. */
  readonly operations: readonly string[];
  /** Attribute whose presence distinguishes this refinement from others of the same operation. */
  readonly present?: string | undefined;
  /** Pattern of the name, attributes in braces. */
  readonly name: string;
  /** Name when the attribute of the pattern is unknown. */
  readonly nameFallback?: string | undefined;
  /** The only names the span may have. */
  readonly names?: readonly string[] | undefined;
  readonly brief: string;
  readonly note?: string | undefined;
  readonly attributes: readonly AttributeUse[];
}

export interface MetricDefinition {
  readonly name: string;
  readonly instrument: string;
  readonly unit: string;
  readonly valueType: string;
  readonly buckets: readonly number[];
  readonly brief: string;
  readonly attributes: readonly AttributeUse[];
}

export interface EventDefinition {
  readonly name: string;
  /** An event on a span; otherwise a log record. */
  readonly onSpan: boolean;
  /** Severity number of the log record, where it is fixed. */
  readonly severity?: number | undefined;
  readonly brief: string;
  readonly attributes: readonly AttributeUse[];
}
