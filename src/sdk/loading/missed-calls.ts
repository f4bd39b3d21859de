import { isSdkDisabled } from '../../config/environment.ts';
import type { Finding } from '../../diagnostics/findings.ts';
import { notice, noticed, sayFinding } from '../../diagnostics/report.ts';
import { activeContext, isSuppressed } from '../../util/context.ts';
import { HTTP_REQUESTS, listenToChannels } from '../../util/diagnostics-channels.ts';
import { guard } from '../../util/guard.ts';
import { asArray, field } from '../../util/payload.ts';
import { atExit } from '../../util/process-events.ts';
import { platformTimers, startOutside } from '../../util/timers.ts';
import { seenCalls } from '../seam.ts';

/** Requests of `fetch`, and of `node:http`, which openai 4 uses. */
const CHANNELS = ['undici:request:create', HTTP_REQUESTS] as const;

/** A server that does not end is told after this. */
const REPORT_DELAY_MS = 5_000;

/**
 * Watches for calls to `openai` that go past the seams, and reports them once, when the program ends. It listens to the
 * program's requests until one of them is a call, seen by a seam or not.
 *
 * @param findUnhooked finds the file of a loaded copy of `openai` that no seam observes
 * @returns stops it: calls are not meant to be observed any more
 */
export function watchMissedCalls(findUnhooked: () => string | undefined): () => void {
  if (isSdkDisabled()) return () => undefined;
  let isMissed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { clearTimeout, setTimeout } = platformTimers() ?? globalThis;
  const report = (): void => {
    stop();
    const file = isMissed ? undefined : guard('finding unobserved clients', findUnhooked);
    if (file !== undefined) takeNote(file);
    const reason = isMissed || file !== undefined ? reasonFor() : undefined;
    if (reason !== undefined) sayFinding(reason);
  };
  const stopAtExit = atExit(report);
  const stopListening = listenToRequests(() => {
    isMissed = true;
    takeNote('');
    timer = startOutside(() => setTimeout(report, REPORT_DELAY_MS));
  });
  const stop = (): void => {
    stopListening();
    stopAtExit();
    clearTimeout(timer);
  };
  return stop;
}

function takeNote(file: string): void {
  if (reasonFor() === undefined) notice('calls_missed', file);
}

/** Why calls are missed: Node has no module hooks, or else what was noticed of them. */
function reasonFor(): Finding | undefined {
  const found = new Map(noticed().map((finding) => [finding.code, finding]));
  return found.get('node_too_old') ?? found.get('calls_missed');
}

/** @returns stops it */
function listenToRequests(missed: () => void): () => void {
  const stop = listenToChannels(CHANNELS, 'detecting missed calls', (message) => {
    const isSeen = seenCalls.value.any;
    const isMissed = !isSeen && isCall(field(message, 'request')) && !isSuppressed(activeContext());
    if (isSeen || isMissed) stop();
    if (isMissed) missed();
  });
  return stop;
}

/** The name of the client class in the user agent, which bundlers number. */
const USER_AGENT = /OpenAI[$_\d]*\/JS /;
/** The same where a bundler has shortened it, with the version: most other SDKs of this generator are at 0 or 1. */
const MINIFIED_USER_AGENT = /^[\w$]{1,3}\/JS (?:[4-9]|\d\d)\./;
/** Endpoints that other SDKs at such a version do not have. Cloudflare's has images and audio, too. */
const OWN_PATH =
  /\/(?:chat\/completions|responses|embeddings|conversations|threads|vector_stores|images\/(?:edits|generations|variations)|audio\/(?:speech|transcriptions|translations))\b/;

/**
 * By a header of the SDK's generator, and by the user agent: SDKs of other companies come from the same generator. The
 * version of Node distinguishes most requests that a gateway forwards with the headers of its clients.
 */
function isCall(request: unknown): boolean {
  const header = headersIn(request);
  const agent = header('user-agent') ?? '';
  return (
    header('x-stainless-lang') !== undefined &&
    (USER_AGENT.test(agent) ||
      (MINIFIED_USER_AGENT.test(agent) && OWN_PATH.test(String(field(request, 'path'))))) &&
    (header('x-stainless-runtime') !== 'node' ||
      (header('x-stainless-runtime-version') ?? process.version) === process.version)
  );
}

function headersIn(request: unknown): (name: string) => string | undefined {
  const getHeader = field(request, 'getHeader');
  // `node-fetch` sets lists of values.
  if (typeof getHeader === 'function') return (name) => getHeader.call(request, name)?.toString();
  const headers = field(request, 'headers');
  // Older versions of undici have one text. In newer ones, names and values take turns.
  const lines =
    typeof headers === 'string'
      ? headers
      : asArray(headers)
          .map((each, index) => `${each}${index % 2 === 0 ? ':' : '\n'}`)
          .join('');
  return (name) => new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(lines)?.[1];
}
