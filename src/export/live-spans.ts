import { type Attributes, TraceFlags } from '@opentelemetry/api';
import { LIVE, VIEW_HEADER } from 'openai-traces-viewer/shared/names.ts';
import { parseAddress } from '../config/otlp.ts';
import { openCalls } from '../sdk/call.ts';
import { builtIn } from '../util/built-in.ts';
import { makeSuppressed } from '../util/context.ts';
import { guard, logError } from '../util/guard.ts';
import { platformTimers, startOutside } from '../util/timers.ts';

/** The common fields of spans in SDK 2.x and 3.x. */
interface StartedSpan {
  readonly attributes: Attributes;
  readonly events: readonly { readonly attributes?: Attributes }[];
  readonly resource?: { readonly asyncAttributesPending?: boolean };
  spanContext(): { readonly spanId: string; readonly traceFlags: number };
}

/** Writes spans as the body of a request, as the exporter does. */
export interface SpanFormat {
  readonly contentType: string;
  readonly serialize: (spans: readonly object[]) => Uint8Array;
}

type LiveReceiver = 'unknown' | 'view' | 'other';

const MAX_SHOWN_SPANS = 1_000;
/** The length of all texts in a request, in UTF-16 units, after which no more spans are added to it. */
const MAX_REQUEST_LENGTH = 8_000_000;
/** The delay from the start of a span to the request that shows it. */
const START_DELAY_MS = 150;
/** The delay before the next request, which shows what has changed since the last one. */
const CHANGE_DELAY_MS = 400;
const RETRY_DELAY_MS = 5_000;
const REQUEST_TIMEOUT_MS = 2_000;

/**
 * Creates a span processor that shows the `view` command on this machine what is in progress: started spans,
 * and the text of streams. A request without spans first asks whether the receiver is that command. Another
 * receiver gets nothing more.
 *
 * @returns `undefined` for an endpoint on another machine
 */
export function liveSpans(endpoint: string, format: SpanFormat): LiveSpans | undefined {
  const url = parseAddress(endpoint);
  const isHere = url?.protocol === 'http:' && /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  return isHere ? new LiveSpans(url, format) : undefined;
}

class LiveSpans {
  readonly #endpoint: URL;
  readonly #format: SpanFormat;
  /** For each span in progress: its sizes when it was last sent, or an empty text if it was not. */
  readonly #open = new Map<StartedSpan, string>();
  #ended: StartedSpan[] = [];
  #receiver: LiveReceiver = 'unknown';
  #isWaiting = false;

  constructor(endpoint: URL, format: SpanFormat) {
    this.#endpoint = endpoint;
    this.#format = format;
  }

  onStart(span: StartedSpan): void {
    const isSampled = (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
    if (this.#receiver === 'other' || !isSampled || this.#open.size >= MAX_SHOWN_SPANS) return;
    this.#open.set(span, '');
    this.#sendAfter(START_DELAY_MS);
  }

  onEnd(span: StartedSpan): void {
    // Sent from here, too, because the exporter sends the ended span later.
    const isShown = this.#open.delete(span) && this.#receiver === 'view';
    if (isShown && this.#ended.length < MAX_SHOWN_SPANS) this.#ended.push(span);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.#stop();
    return Promise.resolve();
  }

  #stop(): void {
    this.#receiver = 'other';
    this.#open.clear();
    this.#ended = [];
  }

  #sendAfter(milliseconds: number): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    const { setTimeout } = platformTimers() ?? globalThis;
    startOutside(() =>
      setTimeout(() => {
        void this.#send().catch((error) => {
          // Spans of other instrumentations may have values that cannot be serialized.
          logError('showing spans in progress', error);
          this.#stop();
        });
      }, milliseconds),
    );
  }

  async #send(): Promise<void> {
    const isKnown = this.#receiver === 'view';
    const isIdle = this.#isIdle;
    const spans = isKnown ? this.#changed() : [];
    if (isIdle || (isKnown && spans.length === 0)) {
      this.#next(CHANGE_DELAY_MS);
      return;
    }
    const answer = await post(this.#endpoint, this.#format, spans);
    if (answer === 'other') this.#stop();
    else if (this.#receiver !== 'other') this.#receiver = answer;
    // The `view` command did not answer, so every span must be sent again.
    if (answer !== 'view') for (const span of this.#open.keys()) this.#open.set(span, '');
    this.#next(answer === 'unknown' ? RETRY_DELAY_MS : isKnown ? CHANGE_DELAY_MS : 0);
  }

  #next(milliseconds: number): void {
    this.#isWaiting = false;
    if (!this.#isIdle) this.#sendAfter(milliseconds);
    // Ask again before sending more: by the time the next span starts, another program may listen at the endpoint.
    else if (this.#receiver === 'view') this.#receiver = 'unknown';
  }

  get #isIdle(): boolean {
    return this.#open.size + this.#ended.length === 0;
  }

  #changed(): object[] {
    const answers = answersSoFar();
    const spans: object[] = [];
    let length = 0;
    const add = (span: StartedSpan, answer?: Attributes): void => {
      const shown = withAnswer(span, answer);
      for (const { attributes = {} } of [shown, ...span.events]) length += totalLength(attributes);
      spans.push(shown);
    };
    // Ended spans that do not fit are left to the exporter.
    for (const span of this.#ended) if (length <= MAX_REQUEST_LENGTH) add(span);
    this.#ended = [];
    for (const [span, sent] of this.#open) {
      const answer = answers.get(span.spanContext().spanId);
      const sizes = sizesOf(span, answer);
      // If this request has no room for a span's answer, skip the span. Without the answer, it would replace
      // the one that is shown.
      const isPassedOver = answer === undefined && sent.split(' ').length > 2;
      if (sizes === sent || isPassedOver || length > MAX_REQUEST_LENGTH) continue;
      this.#open.set(span, sizes);
      add(span, answer);
    }
    return spans;
  }
}

/** The answers so far of streams that are still open, by span id, up to the size limit of one request. */
function answersSoFar(): ReadonlyMap<string, Attributes> {
  const answers = new Map<string, Attributes>();
  let length = 0;
  for (const { observation } of openCalls()) {
    if (length > MAX_REQUEST_LENGTH) break;
    const answer = guard('reading an open stream', () => observation?.answerSoFar?.());
    if (answer === undefined) continue;
    answers.set(answer.spanId, answer.attributes);
    length += totalLength(answer.attributes);
  }
  return answers;
}

function totalLength(attributes: Attributes): number {
  return Object.values(attributes).reduce<number>((sum, value) => sum + String(value).length, 0);
}

/** A text that changes when a span grows: the number of its attributes and events, and the sizes of its answer. */
function sizesOf({ attributes, events }: StartedSpan, answer: Attributes = {}): string {
  const sizes = Object.values(answer).map((value) =>
    typeof value === 'number' ? value : String(value).length,
  );
  return [Object.keys(attributes).length, events.length, ...sizes].join(' ');
}

/** Sends spans. A request without spans only asks who the receiver is. */
function post(url: URL, { contentType, serialize }: SpanFormat, spans: object[]): Promise<LiveReceiver> {
  const body = serialize(spans);
  const headers = { 'content-type': contentType, 'content-length': body.length, [VIEW_HEADER]: LIVE };
  const http = builtIn('node:http');
  if (http === undefined) return Promise.resolve('other');
  const request = makeSuppressed(() =>
    http.request(url, { method: 'POST', headers, agent: false, timeout: REQUEST_TIMEOUT_MS }),
  );
  request.on('socket', (socket) => socket.unref());
  return new Promise((resolve) => {
    request.on('response', (response) => {
      response.resume();
      resolve(response.headers[VIEW_HEADER] === undefined ? 'other' : 'view');
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', () => resolve('unknown'));
    request.end(body);
  });
}

const NO_RESOURCE = { attributes: {} };

/** The span as it is now, with the answer so far. */
function withAnswer(span: StartedSpan, answer: Attributes = {}): StartedSpan {
  const attributes = { value: { ...span.attributes, ...answer } };
  // The SDK logs an error if resource attributes are read while some of them are pending.
  const isPending = span.resource?.asyncAttributesPending === true;
  return Object.create(span, isPending ? { attributes, resource: { value: NO_RESOURCE } } : { attributes });
}
