/** Joins spans, metrics and events of the GenAI conventions with what our registry adds to them. */
import type {
  AttributeDefinition,
  AttributeGroup,
  AttributeUse,
  EventDefinition,
  MetricDefinition,
  SpanDefinition,
} from './model.ts';
import type {
  OwnFile,
  OwnReference,
  OwnSignal,
  OwnSpanRefinement,
  UpstreamRegistry,
  UpstreamUse,
} from './source.ts';

export interface Sources {
  readonly own: readonly OwnFile[];
  readonly upstream: UpstreamRegistry;
  readonly attributes: ReadonlyMap<string, AttributeDefinition>;
  readonly groups: ReadonlyMap<string, AttributeGroup>;
}

export function attributeUse(reference: OwnReference, group?: string): AttributeUse {
  const stated = reference.requirement_level ?? 'recommended';
  const [level, condition] = typeof stated === 'string' ? [stated] : (Object.entries(stated)[0] ?? []);
  if (level === undefined) throw new Error(`semconv: ${reference.ref} has an empty requirement level`);
  return {
    name: reference.ref,
    level: level as AttributeUse['level'],
    condition,
    samplingRelevant: reference.sampling_relevant ?? reference.annotations?.sampling_relevant,
    group,
    pathParameters: reference.annotations?.path_parameters,
  };
}

export function readSpans(sources: Sources): SpanDefinition[] {
  const own = sources.own
    .flatMap((file) => file.spans ?? [])
    .map((span) => ({
      id: span.type,
      kind: span.kind,
      operations: span.annotations?.when?.operations ?? [],
      brief: span.brief.trim(),
      note: span.note?.trim(),
      name: span.name.note,
      names: span.annotations?.names,
      attributes: mergeUses([], span, sources),
    }));
  const refined = sources.own
    .flatMap((file) => file.span_refinements ?? [])
    .map((refinement) => refineSpan(refinement, sources));
  return [...own, ...refined];
}

function refineSpan(refinement: OwnSpanRefinement, sources: Sources): SpanDefinition {
  const base = found(sources.upstream.spans[refinement.ref], refinement);
  const { when, omit = [] } = refinement.annotations ?? {};
  // The conventions refine some spans for OpenAI. Our refinement extends theirs.
  const forOpenAI = Object.values(sources.upstream.spans).find(
    (span) => span.refines === refinement.ref && span.fixed_attributes?.['gen_ai.provider.name'] === 'openai',
  );
  const inherited = [...base.attributes, ...(forOpenAI?.attributes ?? [])];
  return {
    id: refinement.id,
    refines: refinement.ref,
    kind: base.kind,
    operations: when?.operations ?? base.operation_names ?? ['chat'],
    present: when?.present,
    brief: refinement.brief.trim(),
    note: refinement.note?.trim(),
    name: base.name_format,
    nameFallback: base.name_fallback,
    attributes: mergeUses(
      inherited.filter((use) => sources.attributes.has(use.name) && !omit.includes(use.name)),
      refinement,
      sources,
    ),
  };
}

export function readMetrics(sources: Sources): MetricDefinition[] {
  const refined = sources.own
    .flatMap((file) => file.metric_refinements ?? [])
    .map((refinement) => {
      const base = found(sources.upstream.metrics[refinement.ref], refinement);
      return {
        name: refinement.ref,
        instrument: base.instrument,
        unit: base.unit,
        valueType: base.value_type,
        buckets: base.buckets ?? [],
        brief: refinement.brief.trim(),
        attributes: mergeUses(base.attributes, refinement, sources),
      };
    });
  const own = sources.own
    .flatMap((file) => file.metrics ?? [])
    .map((metric) => ({
      name: metric.name,
      instrument: metric.instrument,
      unit: metric.unit,
      valueType: metric.annotations.value_type,
      buckets: metric.annotations.buckets ?? [],
      brief: metric.brief.trim(),
      attributes: mergeUses([], metric, sources),
    }));
  return [...refined, ...own];
}

export function readEvents(sources: Sources): EventDefinition[] {
  const refined = sources.own
    .flatMap((file) => file.event_refinements ?? [])
    .map((refinement) => {
      const base = found(sources.upstream.events[refinement.ref], refinement);
      return {
        name: refinement.ref,
        onSpan: false,
        severity: refinement.annotations?.severity,
        brief: refinement.brief.trim(),
        attributes: mergeUses(base.attributes, refinement, sources),
      };
    });
  const own = sources.own
    .flatMap((file) => file.events ?? [])
    .map((event) => ({
      name: event.name,
      onSpan: event.annotations?.span_event === true,
      brief: event.brief.trim(),
      attributes: mergeUses([], event, sources),
    }));
  return [...refined, ...own];
}

/** Merges with weaver's precedence: a signal's own reference, then its groups, then what it refines. */
function mergeUses(inherited: readonly UpstreamUse[], signal: OwnSignal, sources: Sources): AttributeUse[] {
  const entries = signal.attributes ?? [];
  const ofGroups = entries.flatMap((entry) =>
    'ref_group' in entry ? groupUses(entry.ref_group, sources.groups) : [],
  );
  const ofItself = entries.flatMap((entry) => ('ref_group' in entry ? [] : [attributeUse(entry)]));
  const uses = new Map<string, AttributeUse>();
  for (const use of [...inherited.map((use) => inheritedUse(use, sources)), ...ofGroups, ...ofItself]) {
    const samplingRelevant = use.samplingRelevant ?? uses.get(use.name)?.samplingRelevant;
    uses.set(use.name, { ...use, samplingRelevant });
  }
  return [...uses.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function groupUses(id: string, groups: ReadonlyMap<string, AttributeGroup>): readonly AttributeUse[] {
  const group = groups.get(id);
  if (group === undefined) throw new Error(`semconv: there is no attribute group ${id}`);
  return group.attributes;
}

/** A use in the conventions, but with the wording of its condition from our genai.yaml. */
function inheritedUse(use: UpstreamUse, sources: Sources): AttributeUse {
  const condition = sources.attributes.get(use.name)?.condition;
  if (use.condition !== undefined && condition === undefined) {
    throw new Error(`semconv: ${use.name} needs annotations.condition in genai.yaml`);
  }
  return {
    name: use.name,
    level: use.level,
    condition: use.condition === undefined ? undefined : condition,
    samplingRelevant: use.sampling_relevant,
  };
}

function found<T>(base: T | undefined, refinement: { readonly id: string; readonly ref: string }): T {
  if (base !== undefined) return base;
  throw new Error(`semconv: ${refinement.id} refines the unknown ${refinement.ref}`);
}
