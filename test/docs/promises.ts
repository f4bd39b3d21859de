/** The promises of `docs/reliability.md`, each with a test that holds it: its file, and the title of a test or group. */
export const PROMISES: Readonly<Record<string, string>> = {
  'Results, errors, their order and unhandled rejections are the same as without the package, in every version and runtime.':
    'test/transparency/transparency.test.ts: nothing is recorded outside the programs, and nothing is logged',
  'They stay the same when the API sends invalid answers, the backend is down, or exporters, processors, samplers, context managers, hooks or sinks fail.':
    'test/faults/surroundings.test.ts: no kind of program is affected',
  'Streams keep their class, and can be read, left, aborted and split as before.':
    'test/sdk/stream-reading.test.ts: a stream gives the same results as without instrumentation%s',
  'Types are the same.': 'test/types/types.test.ts: types are those of openai and OpenTelemetry',
  'No result waits for the instrumentation or its background reads.':
    'test/hierarchy/background-reads.test.ts: creates no span, and does not delay the program',
  'An error inside the instrumentation never reaches the program, and is reported once.':
    'test/util/guard.test.ts: that throws gives nothing, and is reported once for each place',
  'Hooks and sinks that call `openai` do not trigger themselves.':
    'test/pipeline/call-hooks/nested-calls.test.ts: calls that a hook makes reach no hook',
  'You can enable and disable the instrumentation during calls, streams and runs.':
    'test/faults/life.test.ts: enabling and disabling during calls, streams and runs does not affect the program',
  'A future version of `openai` is traced as far as possible, and reported.':
    'test/sdk/future.test.ts: a future major version',
  '`NO_CONTENT` keeps all content out of spans, events, metrics, logs, console output and sinks.':
    'test/canary/canary.test.ts: without consent, no content of requests or responses is recorded',
  'With consent, content goes only where `captureMessageContent` allows.':
    'test/canary/canary.test.ts: content is on no other signals',
  'Keys, authorization headers and credentials in URLs are never recorded, even if an error message repeats them.':
    'test/canary/failures.ts: a refusal that repeats keys and passwords',
  'Size limits apply before anything is serialized, and JSON stays valid.':
    'test/fuzz/reading.test.ts: any messages are recorded as JSON within the limits of text and span',
  'If a masking hook fails or is set up wrongly, no content is recorded.':
    'test/telemetry/content/completion-hook.test.ts: a hook that fails',
  'Terminal output cannot move the cursor or reverse text.':
    'viewer/test/tree-view.test.ts: are escaped everywhere',
  'Only their owner can read pages and the folders created for them.':
    'test/threats/trace-files.test.ts: can read neither the page nor the folders created for it',
  'The package evaluates no code at run time, starts no process and has one dependency.':
    'test/code/code.test.ts: the package evaluates no code at run time',
  'Malformed, huge, deep and cyclic values are read without errors.':
    'test/fuzz/reading.test.ts: reading never throws, whatever the SDK passes in',
  'No span stays open: not for unread streams, unfinished threads and runs, or providers that shut down.':
    'test/sdk/seam-lost.test.ts: the call of a subclass whose holder is garbage collected ends at its last event',
  'A shutdown of any provider ends the spans of calls in progress, and records no duration of them in metrics.':
    'test/pipeline/observer.test.ts: that a shutdown ends are marked, and have neither a status nor a duration, which nobody knows',
  'You can shut down, replace and flush providers at any time.':
    'test/faults/life.test.ts: during a run leaves no span open in either provider',
  'A process ends as it does without the instrumentation, whether by signal, error or `process.exit()`. With `…/register`, a signal waits while [synchronous code](servers.md#when-the-process-ends) runs.':
    'test/entries/exit.test.ts: a program with …/register ends as it does without it',
  'A failed background read loses only the steps of its run.':
    'test/faults/life.test.ts: a flush during the background read',
  "Background reads give way to the program's own requests.":
    'test/hierarchy/background-reads.test.ts: a run that ends while the program keeps its server busy is recorded without its steps after a shorter runTimeout, and is counted',
  'If the program stops waiting for a run, its end is read and its tokens are recorded.':
    'test/hierarchy/closing-reads.test.ts: is asked for its end after an aborted poll',
  'Memory is bounded for conversations, runs, background responses, models and warnings.':
    'test/hierarchy/bounds.test.ts: background responses that are never polled again replace each other, and are recorded as far as they are known',
  'Clock jumps and wrong server clocks cause no negative or absurd durations.':
    'test/util/clock.test.ts: the clock follows jumps of the wall clock in both directions',
  'Two instrumentations together record each call once.':
    'test/lanes/other-packages.test.ts: each call is counted once',
  'Five thousand operations with failures leave no span, memory or handle behind.':
    'test/soak/soak.test.ts: five thousand operations with failures leave no span, memory or handle behind',
};
