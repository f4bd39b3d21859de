import type { Attributes, Context, Histogram, Span } from '@opentelemetry/api';
import type OpenAI from 'openai';
import type { Telemetry } from '../telemetry.ts';
import type { Method } from './by-hand.ts';
import type { Prepared } from './variant.ts';

type Run = OpenAI.Beta.Threads.Run;
type RunStep = OpenAI.Beta.Threads.Runs.RunStep;

/** What a wrapped method does before and after the request. */
interface Around {
  /** The context in which the request is made. Default: the active context. */
  readonly context?: Context;
  /** Called with the result of the call. */
  answered(value: never): void;
}

/** A thread in use, with its only run. */
interface Thread {
  readonly span: Span;
  readonly context: Context;
  runSpan?: Span;
  runContext?: Context;
  startTime: number;
  polls: number;
  run?: Run;
}

const ENDPOINT: Attributes = {
  'gen_ai.provider.name': 'openai',
  'server.address': 'api.test',
  'server.port': 80,
};
const ANSWERED: Attributes = { 'openai.request.id': 'req_1' };
const THREADS = '/threads';
const MESSAGES = '/threads/{thread_id}/messages';
const STEPS = '/threads/{thread_id}/runs/{run_id}/steps';

/**
 * Records the same tree as this package for a thread with one run, but only for the program of the case, in which a
 * thread ends when its messages are listed. So it measures what OpenTelemetry's SDK alone takes.
 */
export function prepareThreads({ api, meterProvider }: Telemetry): Prepared {
  const tracer = api.trace.getTracer('threads by hand');
  const meter = meterProvider?.getMeter('threads by hand');
  const duration = meter?.createHistogram('gen_ai.client.operation.duration');
  const tokens = meter?.createHistogram('gen_ai.client.token.usage');
  const threads = new Map<string, Thread>();
  const CLIENT = api.SpanKind.CLIENT;

  function start(
    name: string,
    attributes: Attributes,
    context = api.context.active(),
    startTime?: number,
  ): Span {
    const options = startTime === undefined ? { kind: CLIENT } : { kind: CLIENT, startTime };
    return tracer.startSpan(name, { ...options, attributes: { ...ENDPOINT, ...attributes } }, context);
  }

  function request(method: string, template: string, place: Attributes, context?: Context): Span {
    const attributes = { 'http.request.method': method, 'url.template': template, ...place };
    const span = start(`${method} ${template}`, attributes, context);
    span.setAttribute('openai.api.type', 'assistants');
    return span;
  }

  function endRequest(span: Span, attributes: Attributes = {}): void {
    span.setAttributes({ ...ANSWERED, ...attributes });
    span.end();
  }

  function createThread(): Around {
    const span = request('POST', THREADS, {});
    return {
      context: api.trace.setSpan(api.context.active(), span),
      answered({ id }: { id: string }) {
        endRequest(span, placeOf(id));
        const attributes = { ...ENDPOINT, ...placeOf(id), 'openai.api.type': 'assistants' };
        const thread = tracer.startSpan('thread', { attributes });
        const context = api.trace.setSpan(api.context.active(), thread);
        threads.set(id, { span: thread, context, startTime: 0, polls: 0 });
      },
    };
  }

  function createMessage(threadId: string): Around {
    const span = request('POST', MESSAGES, placeOf(threadId), threads.get(threadId)?.context);
    return {
      context: api.trace.setSpan(api.context.active(), span),
      answered: ({ id }: { id: string }) => endRequest(span, { 'openai.message.id': id }),
    };
  }

  function createRun(threadId: string, { assistant_id: agent }: { assistant_id: string }): Around {
    const thread = threads.get(threadId);
    if (thread === undefined) return { answered() {} };
    thread.startTime = performance.now();
    const span = start(
      'invoke_agent',
      { 'gen_ai.operation.name': 'invoke_agent', ...placeOf(threadId) },
      thread.context,
    );
    span.setAttributes({ 'openai.api.type': 'assistants', ...agentOf(agent) });
    thread.runSpan = span;
    thread.runContext = api.trace.setSpan(thread.context, span);
    return {
      context: thread.runContext,
      answered: ({ id, model, temperature, top_p }: Run) =>
        span.setAttributes({
          ...ANSWERED,
          'gen_ai.request.temperature': temperature ?? 1,
          'gen_ai.request.top_p': top_p ?? 1,
          'gen_ai.request.model': model,
          'openai.run.id': id,
        }),
    };
  }

  function poll(_: string, { thread_id: threadId }: { thread_id: string }): Around {
    const thread = threads.get(threadId);
    return {
      ...(thread?.runContext === undefined ? {} : { context: thread.runContext }),
      answered(run: Run) {
        if (thread?.runSpan === undefined) return;
        thread.polls++;
        thread.runSpan.setAttribute('openai.run.status', run.status);
        if (run.status === 'completed') spend(thread, run, { duration, tokens });
      },
    };
  }

  function listSteps(runId: string, { thread_id: threadId }: { thread_id: string }): Around {
    const place = { ...placeOf(threadId), 'openai.run.id': runId };
    const span = request('GET', STEPS, place, threads.get(threadId)?.context);
    return {
      context: api.trace.setSpan(api.context.active(), span),
      answered({ data }: { data: readonly RunStep[] }) {
        endRequest(span);
        const thread = threads.get(threadId);
        if (thread?.runSpan === undefined) return;
        for (const step of data) {
          const { run_id: id, assistant_id: agent, created_at, usage } = step;
          const stepSpan = start(
            'chat gpt-4o-mini',
            { 'gen_ai.operation.name': 'chat', ...placeOf(threadId), 'gen_ai.request.model': 'gpt-4o-mini' },
            thread.runContext,
            created_at * 1e3,
          );
          stepSpan.setAttributes({
            'openai.api.type': 'assistants',
            ...agentOf(agent),
            'openai.run.id': id,
            ...stepOf(step),
            'gen_ai.response.model': 'gpt-4o-mini',
            'gen_ai.response.finish_reasons': ['stop'],
            ...usageOf(usage),
          });
          stepSpan.end((step.completed_at ?? created_at) * 1e3);
        }
        thread.runSpan.setAttributes({
          'gen_ai.response.model': 'gpt-4o-mini',
          'gen_ai.response.finish_reasons': ['stop'],
          'openai.run.poll_count': thread.polls,
          ...totalsOf(thread.run?.usage),
        });
        thread.runSpan.end();
      },
    };
  }

  function listMessages(threadId: string): Around {
    const span = request('GET', MESSAGES, placeOf(threadId), threads.get(threadId)?.context);
    return {
      context: api.trace.setSpan(api.context.active(), span),
      answered() {
        endRequest(span);
        const thread = threads.get(threadId);
        threads.delete(threadId);
        thread?.span.setAttributes({ ...totalsOf(thread.run?.usage), 'openai.total.runs': 1 });
        thread?.span.end();
      },
    };
  }

  function wrap(prototype: object, name: string, around: (...parameters: never[]) => Around): void {
    const original = Reflect.get(prototype, name) as Method;
    const wrapped: Method = function (...parameters) {
      const { context = api.context.active(), answered } = around(...(parameters as never[]));
      const promise = api.context.with(context, () => original.apply(this, parameters));
      return promise._thenUnwrap((value) => {
        answered(value as never);
        return value;
      });
    };
    Object.assign(prototype, { [name]: wrapped });
  }

  return {
    loaded({ OpenAI: { Beta } }) {
      const { Threads } = Beta;
      wrap(Threads.prototype, 'create', createThread);
      wrap(Threads.Messages.prototype, 'create', createMessage);
      wrap(Threads.Messages.prototype, 'list', listMessages);
      wrap(Threads.Runs.prototype, 'create', createRun);
      wrap(Threads.Runs.prototype, 'retrieve', poll);
      wrap(Threads.Runs.Steps.prototype, 'list', listSteps);
    },
  };
}

function placeOf(threadId: string): Attributes {
  return { 'openai.thread.id': threadId, 'gen_ai.conversation.id': threadId };
}

function agentOf(id: string): Attributes {
  return { 'gen_ai.agent.id': id, 'openai.assistant.id': id };
}

function stepOf({ id, type, status, step_details: details }: RunStep): Attributes {
  const message = details.type === 'message_creation' ? details.message_creation.message_id : id;
  return {
    'openai.step.id': id,
    'openai.step.type': type,
    'openai.step.status': status,
    'gen_ai.response.id': message,
    'openai.message.id': message,
  };
}

function usageOf(usage: RunStep['usage']): Attributes {
  return {
    'gen_ai.usage.input_tokens': usage?.prompt_tokens ?? 0,
    'gen_ai.usage.output_tokens': usage?.completion_tokens ?? 0,
  };
}

function totalsOf(usage: Run['usage'] | undefined): Attributes {
  return {
    'openai.total.input_tokens': usage?.prompt_tokens ?? 0,
    'openai.total.output_tokens': usage?.completion_tokens ?? 0,
    'openai.total.user_messages': 1,
  };
}

interface Instruments {
  readonly duration: Histogram | undefined;
  readonly tokens: Histogram | undefined;
}

/** Records the metrics of a run that has ended. */
function spend(thread: Thread, run: Run, { duration, tokens }: Instruments): void {
  thread.run = run;
  const dimensions = {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.request.model': run.model,
    'gen_ai.response.model': run.model,
    ...ENDPOINT,
  };
  const { runContext: context } = thread;
  duration?.record((performance.now() - thread.startTime) / 1e3, dimensions, context);
  tokens?.record(run.usage?.prompt_tokens ?? 0, { ...dimensions, 'gen_ai.token.type': 'input' }, context);
  tokens?.record(
    run.usage?.completion_tokens ?? 0,
    { ...dimensions, 'gen_ai.token.type': 'output' },
    context,
  );
}
