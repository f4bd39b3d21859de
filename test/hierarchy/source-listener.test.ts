import { EventEmitter } from 'node:events';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { resolveSettings } from '../../src/config/config.ts';
import type { Dialect } from '../../src/hierarchy/dialect.ts';
import { Engine } from '../../src/hierarchy/engine.ts';
import type { InvocationSnapshot, StepSnapshot } from '../../src/hierarchy/model.ts';
import { ConversationTracker } from '../../src/hierarchy/tracker.ts';
import { endpointOf } from '../../src/sdk/provider.ts';
import { NO_USAGE } from '../../src/telemetry/cost/usage.ts';
import { Telemetry } from '../../src/telemetry/telemetry.ts';
import { assertSpanTree } from '../../src/testing.ts';
import { type RecordedTelemetry, recordTelemetry } from '../support/telemetry.ts';

/** What the made-up socket says: a desk has orders, an order has notes. */
type Frame =
  | { readonly is: 'order'; readonly id: string; readonly desk: string; readonly state: 'new' | 'done' }
  | { readonly is: 'note'; readonly id: string; readonly order: string; readonly tool?: string };

/** All of it was some time ago. */
const BEGIN = Date.now() - 1_000;
const USAGE = { ...NO_USAGE, inputTokens: 30, outputTokens: 12 };

function orderOf(frame: Extract<Frame, { is: 'order' }>): InvocationSnapshot {
  const isDone = frame.state === 'done';
  return {
    id: frame.id,
    conversationId: frame.desk,
    agentId: undefined,
    status: isDone ? 'completed' : 'in_progress',
    phase: isDone ? 'ended' : 'open',
    model: 'gpt-4o',
    parameters: {},
    createdAt: undefined,
    endedAt: undefined,
    expiresAt: undefined,
    usage: isDone ? USAGE : undefined,
    failure: undefined,
    finishReason: isDone ? 'stop' : undefined,
    pendingToolCalls: [],
    vectorStoreIds: [],
    content: undefined,
  };
}

function noteOf({ id, order, tool }: Extract<Frame, { is: 'note' }>): StepSnapshot {
  const call = { id: `${id}_call`, type: 'code_interpreter', name: 'code_interpreter' };
  return {
    id,
    conversationId: undefined,
    invocationId: order,
    type: tool === undefined ? 'message_creation' : 'tool_calls',
    status: 'completed',
    ended: true,
    createdAt: undefined,
    endedAt: undefined,
    usage: USAGE,
    failure: undefined,
    messageId: undefined,
    toolCalls:
      tool === undefined
        ? []
        : [{ ...call, imageCount: undefined, resultCount: undefined, content: undefined }],
    skippedToolCalls: 0,
  };
}

/** The one dialect that the source needs: it reads frames and knows neither socket nor span. */
function deskDialect(identifiesAtOnce: boolean): Dialect {
  return {
    kind: 'thread',
    attributes: {},
    folds: 'run',
    identifiesAtOnce,
    version: '',
    intent: () => {
      throw new Error('A socket makes no requests');
    },
    requested: () => {
      throw new Error('A socket makes no requests');
    },
    conversationOf: () => undefined,
    invocationOf: () => undefined,
    read: () => undefined,
    readEvent(event, sink) {
      const frame = event as Frame;
      if (frame.is === 'order')
        sink.invocation({
          snapshot: orderOf(frame),
          moment: frame.state === 'new' ? 'begun' : 'ended',
        });
      else sink.step(noteOf(frame));
    },
    readKept: () => undefined,
    readEnd: () => Promise.resolve(),
    readDetails: () => Promise.resolve(true),
  };
}

/** The one adapter: it hears the socket. */
function hear(socket: EventEmitter, engine: Engine): void {
  const endpoint = endpointOf(new OpenAI({ apiKey: 'test', baseURL: 'https://desk.test/v1' }), []);
  const exchange = { startTime: BEGIN, headers: undefined };
  const listener = engine.listen({ endpoint, context: context.active(), content: false, exchange });
  // Each frame comes a millisecond after the one before.
  let time = BEGIN;
  socket.on('frame', (frame: Frame) => listener.event(frame, ++time));
  socket.on('close', () => listener.end(++time));
}

let recorded: RecordedTelemetry | undefined;
afterEach(() => recorded?.verify());

function startDesk(identifiesAtOnce: boolean): {
  readonly telemetry: RecordedTelemetry;
  readonly tracker: ConversationTracker;
  send(...frames: Frame[]): void;
  close(): void;
} {
  const telemetry = recordTelemetry();
  recorded = telemetry;
  const own = new Telemetry(resolveSettings({ cost: false }, () => undefined, {}));
  const tracker = new ConversationTracker(own);
  const socket = new EventEmitter();
  const engine = new Engine(tracker, deskDialect(identifiesAtOnce));
  const program = trace.getTracer('program').startSpan('program', { startTime: BEGIN }, ROOT_CONTEXT);
  context.with(trace.setSpan(ROOT_CONTEXT, program), () => hear(socket, engine));
  return {
    telemetry,
    tracker,
    send: (...frames) => frames.forEach((frame) => void socket.emit('frame', frame)),
    close: () => {
      socket.emit('close');
      program.end();
    },
  };
}

describe.each([
  ['told at once', true],
  ['matched with requests', false],
])('a source that is no HTTP call, in a dialect whose ids are %s', (_, identifiesAtOnce) => {
  it('becomes the same tree, from one adapter and one dialect', async () => {
    const desk = startDesk(identifiesAtOnce);
    desk.send({ is: 'order', id: 'o1', desk: 'd1', state: 'new' });
    desk.send({ is: 'note', id: 'n1', order: 'o1', tool: 'x' }, { is: 'note', id: 'n2', order: 'o1' });
    desk.send({ is: 'order', id: 'o1', desk: 'd1', state: 'done' });
    desk.close();
    await desk.telemetry.provider.forceFlush();
    assertSpanTree(
      desk.telemetry.spans,
      `
      program
      └─ thread  gen_ai.conversation.id=d1
         └─ invoke_agent
            ├─ chat gpt-4o  gen_ai.usage.input_tokens=30
            ├─ execute_tool code_interpreter
            └─ chat gpt-4o  gen_ai.usage.input_tokens=30
    `,
    );
  });

  it('closes with the source what has not ended', async () => {
    const desk = startDesk(identifiesAtOnce);
    desk.send({ is: 'order', id: 'o1', desk: 'd1', state: 'new' });
    desk.close();
    desk.send({ is: 'order', id: 'o2', desk: 'd1', state: 'new' });
    await desk.telemetry.provider.forceFlush();
    const [turn] = desk.telemetry.spans.filter(({ name }) => name === 'invoke_agent');
    expect(turn?.attributes['openai.run.observed']).toBe(false);
    expect(desk.telemetry.openSpans).toEqual([]);
    expect(desk.tracker.isOpen).toBe(false);
  });
});
