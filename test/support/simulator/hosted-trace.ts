import type { Turn } from './session-objects.ts';

/** A span that OpenAI itself records of a turn. */
export interface HostedScript {
  readonly name: string;
  /** As OTLP numbers them. Default: internal. */
  readonly kind?: number;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly below?: readonly HostedScript[];
}

/** What the API lists of a turn: an `ExportTraceServiceRequest` in OTLP JSON. The spans are a millisecond apart. */
export function hostedTrace(turn: Turn, scripts: readonly HostedScript[]): { readonly id: string } {
  const traceId = hexOf(turn.id).padStart(32, 'a');
  const spans: object[] = [];
  let time = BigInt(turn.created_at) * 1_000n;
  const nanoseconds = (): string => `${time++}000001`;
  const add = (script: HostedScript, parentSpanId: string | undefined): void => {
    const spanId = hexOf(`${turn.id}${spans.length}`).padStart(16, 'b');
    const span: Record<string, unknown> = { traceId, spanId, ...(parentSpanId && { parentSpanId }) };
    spans.push(span);
    const startTimeUnixNano = nanoseconds();
    for (const each of script.below ?? []) add(each, spanId);
    Object.assign(span, {
      name: script.name,
      kind: script.kind ?? 1,
      startTimeUnixNano,
      endTimeUnixNano: nanoseconds(),
      attributes: otlpAttributes(script.attributes ?? {}),
      status: script.error === undefined ? {} : { code: 2, message: script.error },
    });
  };
  for (const script of scripts) add(script, undefined);
  const { id, created_at, session_id } = turn;
  const resource = { attributes: otlpAttributes({ 'service.name': 'agents' }) };
  const otlp = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'agents' }, spans }] }] };
  return { id, object: 'agent.session.trace', created_at, session_id, otlp } as { readonly id: string };
}

export function otlpAttributes(attributes: Readonly<Record<string, unknown>>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: otlpAttributes(value as Record<string, unknown>) } };
}

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex').slice(-14);
}
