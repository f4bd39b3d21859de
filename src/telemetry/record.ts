import {
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  trace,
} from '@opentelemetry/api';
import type { Settings } from '../config/config.ts';
import { notice } from '../diagnostics/report.ts';
import type { Endpoint } from '../sdk/provider.ts';
import type { Route } from '../sdk/routes/index.ts';
import * as ATTR from '../semconv/attributes.ts';
import { LinkedContext } from '../util/context.ts';
import { guard } from '../util/guard.ts';
import { beginIn, finishIn } from '../util/open-traces.ts';
import { field } from '../util/payload.ts';
import { restOfRequest, settingsFor } from './content/consent.ts';
import { ContentRecord } from './content/content-record.ts';
import { SHARE_BEFORE_OTHERS } from './content/content-writer.ts';
import { type Billing, findCost, readReportedCost, sellerFacts } from './cost/costs.ts';
import {
  addUsageAttributes,
  NO_TOTALS,
  type Spent,
  spentBy,
  totalAttributes,
  type Usage,
} from './cost/usage.ts';
import { rememberAnswer } from './evaluations/evaluated-spans.ts';
import type { EndedOperation } from './events/sink-events.ts';
import { bareContext, promptOf } from './metadata.ts';
import { withOlderNames } from './older-attribute-names.ts';
import type { OperationKind, TotalSpent, WholeOperation } from './operation.ts';
import type { Failure } from './outcomes/failure.ts';
import type { OuterSpan } from './outer-span.ts';
import { addEndpointAttributes } from './place-attributes.ts';
import type { OpenRecord, Placement, RecordFacts, RecordOutcome } from './placement.ts';
import { recordEnd } from './record-end.ts';
import { endSpan, type Providers, type Telemetry } from './telemetry.ts';

const NO_ATTRIBUTES: Attributes = Object.freeze({});

export interface RecordStart<Request, Result> {
  readonly operation: OperationKind<Request, Result>;
  readonly request: Request;
  readonly route?: Route | undefined;
  readonly endpoint?: Endpoint | undefined;
  readonly place: Pick<Placement, 'parent' | 'startTime' | 'attributes' | 'links' | 'beforeEnd'>;
  /** Milliseconds since the epoch. A start time in `place` takes precedence. */
  readonly startTime: number;
  readonly isRoot?: boolean;
  /** The inference span of another instrumentation. It represents the operation, which gets no span of ours. */
  readonly outer?: OuterSpan | undefined;
  /** Set if this process did not time the operation. The times are then too coarse for duration metrics. */
  readonly rebuilt?: boolean;
  /** The settings when the operation began, if it is recorded later. Content that they forbid is not recorded. */
  readonly startSettings?: Settings;
}

/**
 * The record of one operation, from its start to its end. Span, metrics, log records and sink events are all created
 * from it, so that they cannot disagree. It does not keep the request, because a stream may stay open for a long time.
 */
export class OperationRecord<Request = unknown, Result = unknown> implements OpenRecord {
  readonly telemetry: Telemetry;
  /** Those at the start: metrics and events go where the span goes. */
  readonly #providers: Providers;
  readonly operation: OperationKind<Request, Result>;
  readonly span: Span;
  readonly context: Context;
  /**
   * The attributes that the span starts with. For an operation that outlives its call, also those that are added later.
   */
  readonly attributes: Attributes;
  readonly #startSettings: Settings;
  readonly #outer: OuterSpan | undefined;
  readonly #route: Route | undefined;
  readonly #endpoint: Endpoint | undefined;
  readonly #isPlaced: boolean;
  readonly #startTime: number;
  /** Whether even successful calls record attributes such as the HTTP status. Most unsampled calls do not. */
  readonly takesDetails: boolean;
  /** Later attributes, in several objects, because V8 turns one large object into a slow dictionary. */
  #parameters: Attributes = NO_ATTRIBUTES;
  #added: Attributes = NO_ATTRIBUTES;
  #result: Attributes = NO_ATTRIBUTES;
  #content: ContentRecord | undefined;
  /** Whether the operation has content only at its end. The settings must then allow it at start and end. */
  readonly #readsContentLate: boolean;
  readonly #beforeEnd: Placement['beforeEnd'];
  #isTimed: boolean;
  #timeToFirstChunk: number | undefined;
  #stream: RecordFacts['stream'];
  #billing: Billing | undefined;
  #usage: Usage | undefined;
  /** The cost in USD. */
  #cost: number | undefined;
  #whole: WholeOperation | undefined;
  #hasEnded = false;

  constructor(telemetry: Telemetry, start: RecordStart<Request, Result>) {
    const { operation, request, endpoint, place, outer } = start;
    this.telemetry = telemetry;
    this.#providers = telemetry.providers;
    this.operation = operation;
    const settings = start.startSettings ?? telemetry.settings;
    const asks = typeof settings.captureMessageContent === 'function';
    this.#startSettings = asks ? settingsFor(settings, place.parent) : settings;
    this.#outer = outer;
    this.#route = start.route;
    this.#endpoint = endpoint;
    this.#isPlaced = place.attributes !== undefined;
    this.#beforeEnd = place.beforeEnd;
    this.#isTimed = start.rebuilt !== true;
    this.#startTime = place.startTime ?? start.startTime;
    const attributes = guard('reading request attributes', operation.requestAttributes, request) ?? {};
    if (operation.name !== undefined) attributes[ATTR.GEN_AI_OPERATION_NAME] = operation.name;
    if (endpoint !== undefined) addEndpointAttributes(attributes, endpoint);
    if (place.attributes !== undefined) Object.assign(attributes, place.attributes);
    this.attributes = attributes;
    if (outer === undefined) {
      this.span = startSpan(telemetry, start, attributes, this.#startTime);
      if (operation.isLasting) beginIn(this.span.spanContext());
      const { parent } = place;
      this.context = LinkedContext.withSpan(operation.isLasting ? bareContext(parent) : parent, this.span);
    } else {
      this.span = trace.wrapSpanContext(outer.span.spanContext());
      this.context = place.parent;
    }
    const { content } = operation;
    this.#readsContentLate =
      content !== undefined &&
      content.input === undefined &&
      (operation.scope !== undefined || operation.isLasting === true);
    if (content !== undefined && outer === undefined && !this.#readsContentLate && this.mayHaveContent)
      this.#content = this.#beginContent();
    const recordsDetails =
      this.span.isRecording() || this.#content !== undefined || telemetry.settings.events !== undefined;
    this.takesDetails = recordsDetails || outer?.span.isRecording() === true;
    if (recordsDetails && operation.parameterAttributes !== undefined)
      guard('reading request parameters', () => this.#readParameters(request, place.attributes));
    if (content?.input !== undefined && this.#content !== undefined)
      guard('reading request content', () => this.#readInput(request));
  }

  /**
   * Whether content may be recorded or passed to a hook. If not, the built package does not even load the
   * code that reads content.
   */
  get mayHaveContent(): boolean {
    const { captureMessageContent, completionHook = this.telemetry.settings.completionHook } =
      this.#startSettings;
    return captureMessageContent !== 'NO_CONTENT' || completionHook !== undefined;
  }

  #beginContent(): ContentRecord | undefined {
    const { events } = this.#providers;
    return ContentRecord.begin(this.telemetry, this.span, this.context, this.#startSettings, events);
  }

  get hasContent(): boolean {
    return this.#content !== undefined;
  }

  /** Does what {@link ContentRecord.preview} does, for the content of an unfinished result. */
  preview(result: unknown): Attributes | undefined {
    const output = this.#content && this.operation.content?.output?.(result as Result);
    return output && this.#content?.preview(output);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get spent(): Spent {
    return spentBy(this.#usage, this.#cost, this.telemetry.settings, this.#result);
  }

  add(facts: RecordFacts): void {
    if (!this.#hasEnded) guard('recording a fact', () => this.#add(facts));
  }

  addEvent(name: string, attributes: Attributes, time: number): void {
    this.span.addEvent(name, attributes, time);
  }

  rename(name: string): void {
    if (!this.#hasEnded) this.span.updateName(name);
  }

  link(context: SpanContext): void {
    // Spans of a tracer for an older API may lack `addLink`.
    guard('linking a span', () => this.span.addLink({ context }));
  }

  /**
   * Records the seconds between chunks, while the stream continues or at its end.
   *
   * @param result the result so far, which shows the model
   */
  measureChunks(gaps: readonly number[], result: Result | undefined): void {
    const { operation, telemetry, attributes, context } = this;
    const read = result === undefined ? undefined : operation.resultAttributes?.(result, this.#route);
    const { conventions } = telemetry.settings;
    this.#providers.metrics.recordChunks(gaps, attributes, read ?? NO_ATTRIBUTES, context, conventions);
  }

  end(outcome: RecordOutcome<Result>, time: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { operation, telemetry, span } = this;
    const outer = this.#outer;
    if (operation.isLasting) finishIn(span.spanContext());
    const { result } = outcome;
    if (result !== undefined) guard('recording a result', () => this.#readResult(result, outcome));
    // Last, because a span that reaches its attribute limit keeps the attributes that were set first.
    guard('recording a fact', () => this.#add(outcome));
    const failure = outcome.failure ?? (operation.failure && failureIn(result, operation, this.#result));
    const isMeasured = operation.name !== undefined || this.#usage !== undefined || this.#cost !== undefined;
    if (operation.scope === 'local' || (isMeasured && operation.scope === undefined))
      guard('recording metrics', () => this.#recordMetrics(time, failure));
    const reportsToSink = operation.scope === undefined && telemetry.settings.events !== undefined;
    // Only if needed, because gathering over 20 attributes again takes longer than any other step here.
    if (reportsToSink || outer !== undefined || failure !== undefined || this.#content?.awaitsEnd === true) {
      const { isInterrupted } = outcome;
      // After a shutdown, the call may still run, so the other instrumentation's span must not end here.
      const shownBy = isInterrupted === true && outer ? { ...outer, isLeftOpen: false } : outer;
      const ended = this.#ended(result, failure, time);
      guard('recording an end', () => recordEnd(telemetry, ended, shownBy, this.#providers.events));
    }
    const shown = outer?.span ?? span;
    if (operation.name !== undefined) rememberAnswer(shown, this.attributes, this.#result, this.#isPlaced);
    if (this.#beforeEnd !== undefined) guard('finishing a span', this.#beforeEnd, shown, result, this.spent);
    endSpan(span, Math.max(time, this.#startTime));
  }

  #readParameters(request: Request, placed: Attributes | undefined): void {
    const attributes = this.operation.parameterAttributes?.(request);
    if (attributes === undefined) return;
    // Attributes of the placement take precedence: `src/hierarchy` knows more than the request shows.
    for (const name in placed) if (name in attributes) delete attributes[name];
    this.#parameters = attributes;
    this.span.setAttributes(attributes);
  }

  #readInput(request: Request): void {
    const { content, traits } = this.operation;
    const input = content?.input?.(request);
    if (input === undefined) return;
    const { recordRequest } = this.#startSettings;
    const isModelCall = traits?.inference === 'chat' || traits?.inference === 'text_completion';
    const requestBody =
      recordRequest !== false && isModelCall
        ? restOfRequest(field(request, 'body'), recordRequest)
        : undefined;
    this.#content?.add(requestBody === undefined ? input : { ...input, requestBody }, SHARE_BEFORE_OTHERS);
  }

  #add(facts: RecordFacts): void {
    const { attributes, stream, timeToFirstChunk, timeToFirstToken, isUntimed, billing } = facts;
    if (stream !== undefined) this.#stream = stream;
    if (billing !== undefined) this.#billing = billing;
    if (isUntimed === true) this.#isTimed = false;
    if (timeToFirstChunk !== undefined) this.#timeToFirstChunk = timeToFirstChunk;
    if (attributes === undefined) return;
    // The other instrumentation does not record these attributes itself, so its span gets them, too.
    if (this.#outer?.span.isRecording() === true) this.#outer.span.setAttributes(attributes);
    if (timeToFirstChunk !== undefined)
      attributes[ATTR.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = timeToFirstChunk;
    if (timeToFirstToken !== undefined) attributes[ATTR.OPENAI_STREAM_TIME_TO_FIRST_TOKEN] = timeToFirstToken;
    this.span.setAttributes(attributes);
    if (this.operation.isLasting) Object.assign(this.attributes, attributes);
    else this.#added = this.#added === NO_ATTRIBUTES ? attributes : { ...this.#added, ...attributes };
  }

  #readResult(result: Result, outcome: RecordOutcome<Result>): void {
    const { operation, telemetry } = this;
    const { stream = this.#stream, billing } = outcome;
    if (billing !== undefined) this.#billing = billing;
    if (operation.usage !== undefined) this.#usage = guard('reading usage', operation.usage, result);
    this.#whole = operation.whole?.(result);
    const attributes = operation.resultAttributes?.(result, this.#route) ?? {};
    const skipped = stream?.skippedCalls || attributes[ATTR.OPENAI_SKIPPED_TOOL_CALLS];
    if (skipped !== undefined) attributes[ATTR.OPENAI_SKIPPED_TOOL_CALLS] = skipped;
    if ((skipped ?? attributes[ATTR.OPENAI_SKIPPED_STEPS]) !== undefined) notice('calls_skipped');
    addUsageAttributes(attributes, this.#usage, telemetry.settings.conventions);
    const estimated = operation.usage && stream?.contentChunks;
    if (this.#usage === undefined && estimated)
      attributes[ATTR.OPENAI_USAGE_ESTIMATED_OUTPUT_TOKENS] = estimated;
    const elsewhere = operation.spentElsewhere && guard('reading totals', operation.spentElsewhere, result);
    if (elsewhere !== undefined) this.#addTotals(attributes, elsewhere);
    this.#result = attributes;
    this.#cost = guard('pricing a result', () => this.#price(result, attributes));
    // OpenTelemetry's SDK logs a warning if an attribute is set on a span that has ended.
    if (this.#cost !== undefined && this.#outer?.span.isRecording() === true)
      this.#outer.span.setAttribute(ATTR.OPENAI_COST, this.#cost);
    this.span.setAttributes(telemetry.settings.olderNames ? withOlderNames(attributes) : attributes);
    if (this.#content !== undefined || this.#readsContentLate)
      guard('reading content', () => this.#readOutput(result));
  }

  /** Adds the cost in USD, if known, and that of each modality, if not all is text. @returns the cost */
  #price(result: Result, attributes: Attributes): number | undefined {
    const { operation, telemetry } = this;
    if (telemetry.settings.cost === false) return undefined;
    const usage = this.#usage;
    const parts: Attributes | undefined = usage?.modalities && {};
    // Only the call that creates a response has its cost. The operation that retrieves one has no `usage`.
    const reported =
      operation.usage &&
      (readReportedCost(this.attributes[ATTR.GEN_AI_PROVIDER_NAME], result) ?? this.#billing?.reported);
    const answered = operation.isLasting ? { ...this.attributes, ...attributes } : attributes;
    const seller = sellerFacts(this.#endpoint, this.#billing);
    const spending = { ...operation.fees?.(result), ...seller, usage, reported };
    const cost = findCost(telemetry.settings, spending, this.attributes, answered, parts);
    if (cost === undefined) return undefined;
    attributes[ATTR.OPENAI_COST] = cost;
    if (parts !== undefined) Object.assign(attributes, parts);
    return cost;
  }

  #addTotals(attributes: Attributes, { usage, serviceTier, calls }: TotalSpent): void {
    const { settings } = this.telemetry;
    const response = { ...attributes, [ATTR.OPENAI_RESPONSE_SERVICE_TIER]: serviceTier };
    const spending = { ...sellerFacts(this.#endpoint, this.#billing), usage, aggregate: true };
    const cost = guard('pricing totals', () => findCost(settings, spending, this.attributes, response));
    const { unpriced = 0 } = spentBy(usage, cost, settings);
    Object.assign(attributes, totalAttributes({ ...NO_TOTALS, usage, cost, unpriced: unpriced * calls }));
  }

  #readOutput(result: Result): void {
    const { operation } = this;
    if (this.#readsContentLate && this.mayHaveContent) this.#content = this.#beginContent();
    const output = this.#content && operation.content?.output?.(result);
    if (output !== undefined) this.#content?.add(output);
  }

  #recordMetrics(time: number, failure: Failure | undefined): void {
    const { telemetry, operation, context } = this;
    const { metrics } = this.#providers;
    const lasted = (time - this.#startTime) / 1e3;
    if (operation.scope === 'local') {
      const dimensions = { ...this.attributes, ...this.#added };
      if (this.#isTimed) metrics.recordLocalDuration(lasted, dimensions, failure?.type, context);
      return;
    }
    const whole = this.#whole;
    const usage = whole === undefined ? this.#usage : whole.usage;
    const cost = whole === undefined ? this.#cost : whole.cost;
    const seconds = whole === undefined ? (this.#isTimed ? lasted : undefined) : whole.seconds;
    // If another instrumentation records these metrics, we do not. None of the others records the cost.
    const isNamed = operation.name !== undefined && this.#outer?.recordsMetrics !== true;
    const measured = {
      seconds: isNamed ? seconds : undefined,
      usage: isNamed ? usage : undefined,
      cost,
      prompt:
        cost !== undefined && telemetry.settings.costByPrompt
          ? promptOf(this.attributes, context)
          : undefined,
      timeToFirstChunk: isNamed ? this.#timeToFirstChunk : undefined,
      errorType: failure?.type,
    };
    metrics.recordOperation(this.attributes, this.#result, measured, context, telemetry.settings.conventions);
  }

  #ended(result: unknown, failure: Failure | undefined, endTime: number): EndedOperation {
    const { operation, span, context } = this;
    return {
      span,
      operation,
      result,
      context,
      failure,
      endTime,
      startTime: this.#startTime,
      startSettings: this.#startSettings,
      spent: this.#whole ?? { usage: this.#usage, cost: this.#cost },
      attributes: { ...this.attributes, ...this.#parameters, ...this.#added, ...this.#result },
      content: this.#content,
    };
  }
}

function startSpan(
  telemetry: Telemetry,
  { operation, request, place, isRoot }: RecordStart<unknown, unknown>,
  attributes: Attributes,
  startTime: number,
): Span {
  const kind = operation.kind === 'internal' ? SpanKind.INTERNAL : SpanKind.CLIENT;
  const options: SpanOptions & { attributes: Attributes } = { kind, attributes, startTime };
  if (place.links !== undefined) options.links = place.links;
  if (isRoot === true) options.root = true;
  const name = spanNameOf(operation, request, attributes);
  // Most calls have at most one attribute that could be added later. Separating it would cost more than it saves.
  const isSimple =
    attributes[ATTR.GEN_AI_OPERATION_NAME] !== undefined &&
    attributes[ATTR.GEN_AI_CONVERSATION_ID] === undefined;
  if (isSimple) return telemetry.startSpan(name, options, place.parent);
  // OpenTelemetry's SDK checks and copies attributes twice at a span's start, but only once later. Samplers
  // do not need our own attributes, such as ids, so we add them later.
  const early: Attributes = {};
  for (const key in attributes) if (!key.startsWith(LATE_PREFIX)) early[key] = attributes[key];
  const span = telemetry.startSpan(name, { ...options, attributes: early }, place.parent);
  guard('recording ids', () => addLate(span, attributes));
  return span;
}

export function spanNameOf<Request>(
  operation: Pick<OperationKind<Request, unknown>, 'name' | 'subject'>,
  request: Request,
  attributes: Attributes,
): string {
  const { name } = operation;
  const subject =
    operation.subject === undefined ? attributes[ATTR.GEN_AI_REQUEST_MODEL] : operation.subject(request);
  return name === undefined || subject === undefined ? `${name ?? subject}` : `${name} ${subject}`;
}

const LATE_PREFIX = 'openai.';

function addLate(span: Span, attributes: Attributes): void {
  if (!span.isRecording()) return;
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined && key.startsWith(LATE_PREFIX)) span.setAttribute(key, value);
  }
}

/** An answer that is evidently complete is not searched. */
function failureIn(
  result: unknown,
  { failure }: OperationKind<unknown, unknown>,
  { [ATTR.GEN_AI_EMBEDDINGS_DIMENSION_COUNT]: dimensions }: Attributes,
): Failure | undefined {
  if (failure === undefined || dimensions !== undefined) return undefined;
  return guard('reading a failure', failure, result);
}
