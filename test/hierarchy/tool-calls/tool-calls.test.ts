import { ROOT_CONTEXT } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import OpenAI from 'openai';
import { afterEach, expect, test } from 'vitest';
import { resolveSettings } from '../../../src/config/config.ts';
import { ItemTimes, ToolCalls } from '../../../src/hierarchy/tool-calls/tool-calls.ts';
import { ConversationTracker } from '../../../src/hierarchy/tracker.ts';
import { endpointOf } from '../../../src/sdk/provider.ts';
import { Telemetry } from '../../../src/telemetry/telemetry.ts';
import { type RecordedTelemetry, recordTelemetry } from '../../support/telemetry.ts';

const BEGIN = Date.now();
const { origin: ORIGIN } = endpointOf(new OpenAI({ apiKey: 'test' }));

let recorded: RecordedTelemetry | undefined;
afterEach(() => recorded?.verify());

test('a call begins no later than the request that answers it, though the clock was adjusted between them', () => {
  recorded = recordTelemetry();
  const telemetry = new Telemetry(resolveSettings({ cost: false }, () => undefined, {}));
  const toolCalls = new ToolCalls(new ConversationTracker(telemetry));
  toolCalls.requested(
    [
      {
        itemId: undefined,
        call: { id: 'call_1', type: 'function', name: 'get_weather', content: undefined },
        asksProgram: true,
        outcome: undefined,
        fingerprint: () => undefined,
      },
    ],
    {
      origin: ORIGIN,
      responseId: 'resp_1',
      parent: undefined,
      place: { kind: 'conversation', conversationId: undefined },
      vectorStoreIds: [],
      startTime: BEGIN,
      endTime: BEGIN + 10.5,
    },
    new ItemTimes(),
  );
  toolCalls.answer(
    [
      {
        id: 'call_1',
        repeated: () => undefined,
        output: () => 'sunny',
        question: () => undefined,
        outcome: () => undefined,
        mayBeOld: false,
      },
    ],
    {
      origin: ORIGIN,
      previousResponseId: 'resp_1',
      conversationId: undefined,
      time: BEGIN + 10,
      parent: ROOT_CONTEXT,
    },
  );
  const [span] = recorded.spans;
  expect(span?.name).toBe('execute_tool get_weather');
  expect(hrTimeToMilliseconds(span?.startTime ?? [0, 0])).toBe(BEGIN + 10);
});
