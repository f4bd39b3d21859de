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
  /** The known values of an enum; empty for other types. */
  readonly members: readonly string[];
  /** Whether the enum allows no other value. */
  readonly closed: boolean;
  readonly brief: string;
  readonly examples: readonly unknown[];
  /** The condition under which it is recorded, for signals on which the conventions make it conditional. */
  readonly condition?: string | undefined;
  /** Who defines it: this package, the GenAI conventions, or OpenTelemetry's core conventions. */
  readonly origin: 'openai' | 'gen_ai' | 'core';
  /** The file name of the JSON schema of its value, for content. */
  readonly schema?: string | undefined;
}

/** An attribute on a signal or in a group. */
export interface AttributeUse {
  readonly name: string;
  readonly level: 'required' | 'conditionally_required' | 'recommended' | 'opt_in';
  readonly condition?: string | undefined;
  /** Whether it is set when the span starts, so that samplers can read it. */
  readonly samplingRelevant?: boolean | undefined;
  /** The group that it belongs to. */
  readonly group?: string | undefined;
  /** The path parameters from which it gets its value. */
  readonly pathParameters?: readonly string[] | undefined;
}

export interface AttributeGroup {
  readonly id: string;
  readonly brief: string | undefined;
  readonly attributes: readonly AttributeUse[];
}

export interface SpanDefinition {
  readonly id: string;
  /** The span of the conventions that it refines; `undefined` if the span is ours. */
  readonly refines?: string | undefined;
  readonly kind: string;
  /** The values of `gen_ai.operation.name`; empty for a span of ours that is no operation. */
  readonly operations: readonly string[];
  /** The attribute whose presence distinguishes this refinement from others of the same operation. */
  readonly present?: string | undefined;
  /** The pattern of the name, with attributes in braces. */
  readonly name: string;
  /** The name if the attribute of the pattern is unknown. */
  readonly nameFallback?: string | undefined;
  /** The only names that the span may have. */
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
  /** Whether it is an event of a span. If not, it is a log record. */
  readonly onSpan: boolean;
  /** The severity number of the log record, if that is fixed. */
  readonly severity?: number | undefined;
  readonly brief: string;
  readonly attributes: readonly AttributeUse[];
}
