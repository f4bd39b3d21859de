/** The shapes of the files under semconv/: only the parts that are read here. */
import type { AttributeUse } from './model.ts';

/** The file semconv/upstream/genai-registry.json. */
export interface UpstreamRegistry {
  readonly attributes: Readonly<Record<string, UpstreamAttribute>>;
  readonly spans: Readonly<Record<string, UpstreamSpan>>;
  readonly metrics: Readonly<Record<string, UpstreamMetric>>;
  readonly events: Readonly<Record<string, { readonly attributes: readonly UpstreamUse[] }>>;
}

export interface UpstreamAttribute {
  readonly type: string;
  readonly enum?: readonly string[];
  readonly source: string;
  readonly json_schema?: string;
}

export interface UpstreamUse {
  readonly name: string;
  readonly level: AttributeUse['level'];
  readonly condition?: string;
  readonly sampling_relevant?: boolean;
}

export interface UpstreamSpan {
  readonly refines?: string;
  readonly kind: string;
  readonly name_format: string;
  readonly name_fallback?: string;
  readonly operation_names?: readonly string[];
  readonly fixed_attributes?: Readonly<Record<string, string>>;
  readonly attributes: readonly UpstreamUse[];
}

export interface UpstreamMetric {
  readonly instrument: string;
  readonly unit: string;
  readonly value_type: string;
  readonly buckets?: readonly number[];
  readonly attributes: readonly UpstreamUse[];
}

/** A file of semconv/registry/, in the format `definition/2` of OpenTelemetry's tool weaver. */
export interface OwnFile {
  readonly attributes?: readonly OwnAttribute[];
  readonly attribute_groups?: readonly OwnGroup[];
  readonly spans?: readonly OwnSpan[];
  readonly span_refinements?: readonly OwnSpanRefinement[];
  readonly metrics?: readonly OwnMetric[];
  readonly metric_refinements?: readonly OwnRefinement[];
  readonly events?: readonly OwnEvent[];
  readonly event_refinements?: readonly OwnEventRefinement[];
}

export interface OwnAttribute {
  readonly key: string;
  readonly type: string | { readonly members: readonly { readonly value: string }[] };
  readonly brief: string;
  readonly examples?: readonly unknown[];
  readonly annotations?: { readonly closed?: boolean };
}

export interface OwnGroup {
  readonly id: string;
  readonly brief?: string;
  readonly annotations?: { readonly schema_url?: string };
  readonly attributes?: readonly OwnReference[];
}

export interface OwnReference {
  readonly ref: string;
  readonly requirement_level?: string | Readonly<Record<string, string>>;
  readonly sampling_relevant?: boolean;
  readonly brief?: string;
  readonly examples?: readonly unknown[];
  readonly annotations?: {
    readonly type?: string;
    readonly condition?: string;
    readonly closed?: boolean;
    readonly used_members?: readonly string[];
    readonly additional_members?: readonly string[];
    readonly path_parameters?: readonly string[];
    readonly sampling_relevant?: boolean;
  };
}

export interface OwnSignal {
  readonly brief: string;
  readonly note?: string;
  readonly attributes?: readonly (OwnReference | { readonly ref_group: string })[];
}

export interface OwnRefinement extends OwnSignal {
  readonly id: string;
  readonly ref: string;
}

export interface OwnEventRefinement extends OwnRefinement {
  readonly annotations?: { readonly severity?: number };
}

export interface OwnSpanRefinement extends OwnRefinement {
  readonly annotations?: {
    readonly when?: { readonly operations?: readonly string[]; readonly present?: string };
    readonly omit?: readonly string[];
  };
}

export interface OwnSpan extends OwnSignal {
  readonly type: string;
  readonly kind: string;
  readonly name: { readonly note: string };
  readonly annotations?: {
    readonly names?: readonly string[];
    readonly when?: { readonly operations?: readonly string[] };
  };
}

export interface OwnMetric extends OwnSignal {
  readonly name: string;
  readonly instrument: string;
  readonly unit: string;
  readonly annotations: { readonly value_type: string; readonly buckets?: readonly number[] };
}

export interface OwnEvent extends OwnSignal {
  readonly name: string;
  readonly annotations?: { readonly span_event?: boolean };
}
