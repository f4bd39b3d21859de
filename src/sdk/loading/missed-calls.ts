import { isSdkDisabled } from '../../config/environment.ts';
import type { Finding } from '../../diagnostics/findings.ts';
import { notice, noticed, printFinding } from '../../diagnostics/report.ts';
import { builtIn } from '../../util/built-in.ts';
import { activeContext, isSuppressed } from '../../util/context.ts';
import { HTTP_REQUESTS, listenToChannels } from '../../util/diagnostics-channels.ts';
import { guard } from '../../util/guard.ts';
import { asArray, field } from '../../util/payload.ts';
import { atExit } from '../../util/process-events.ts';
import { platformTimers, startOutside } from '../../util/timers.ts';
import { seenCalls } from '../seam.ts';

/** The channels for requests of `fetch` and of `node:http`, which openai 4 uses. */
const CHANNELS = ['undici:request:create', HTTP_REQUESTS] as const;

const REPORT_DELAY_MS = 5_000;

/**
 * Reports once, after a few seconds or at the end, that calls of `openai` are not observed. Listens to the
 * program's requests until one of them is a call, observed or not.
 *
 * @param findUnhooked finds the file of a loaded copy of `openai` that is not observed
 * @returns stops watching. Call it when calls are no longer meant to be observed
 */
export function watchMissedCalls(findUnhooked: () => string | undefined): () => void {
  if (isSdkDisabled()) return () => undefined;
  let reason: Finding | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { clearTimeout, setTimeout } = platformTimers() ?? globalThis;
  const report = (): void => {
    stop();
    const file = reason === undefined ? guard('finding unobserved clients', findUnhooked) : undefined;
    if (file !== undefined) reason = reasonFor(file);
    if (reason !== undefined) printFinding(reason);
  };
  const stopAtExit = atExit(report);
  const stopListening = listenToChannels(CHANNELS, 'detecting missed calls', (message) => {
    const isSeen = seenCalls.value.any;
    const isMissed = !isSeen && isCall(field(message, 'request')) && !isSuppressed(activeContext());
    if (isSeen || isMissed) stopListening();
    if (!isMissed) return;
    reason = reasonFor('');
    timer = startOutside(() => setTimeout(report, REPORT_DELAY_MS));
  });
  const stop = (): void => {
    stopListening();
    stopAtExit();
    clearTimeout(timer);
  };
  return stop;
}

/** @param file a loaded copy of `openai` that is not observed; empty if none was found */
function reasonFor(file: string): Finding | undefined {
  const known = noticed().find(({ code }) => code === 'node_too_old');
  if (known !== undefined) return known;
  return file === '' && builtIn('node:module')?.registerHooks === undefined
    ? notice('node_too_old', `Node ${process.version}`)
    : notice('calls_missed', file);
}

/** The name of the client class in the user agent. Bundlers may add a number to it. */
const USER_AGENT = /OpenAI[$_\d]*\/JS /;
/** A user agent with a minified class name. `openai` is at version 4 or later, most such SDKs at 0 or 1. */
const MINIFIED_USER_AGENT = /^[\w$]{1,3}\/JS (?:[4-9]|\d\d)\./;
/** Similar SDKs of version 4 or later lack these endpoints. Cloudflare's also has `images` and `audio`. */
const OWN_PATH =
  /\/(?:chat\/completions|responses|embeddings|conversations|threads|vector_stores|images\/(?:edits|generations|variations)|audio\/(?:speech|transcriptions|translations))\b/;

/**
 * SDKs from the same generator have the same headers, so the user agent decides. A request that names another
 * version of Node was made elsewhere, and this process only forwards it.
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
  // With `node:http`, a value may be a list: `node-fetch` sets lists.
  if (typeof getHeader === 'function') return (name) => getHeader.call(request, name)?.toString();
  const headers = field(request, 'headers');
  // Older versions of undici have all headers in one text. Newer ones have a list in which names and values alternate.
  const lines =
    typeof headers === 'string'
      ? headers
      : asArray(headers)
          .map((each, index) => `${each}${index % 2 === 0 ? ':' : '\n'}`)
          .join('');
  return (name) => new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(lines)?.[1];
}
