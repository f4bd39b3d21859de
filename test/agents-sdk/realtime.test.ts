import { setTimeout as delay } from 'node:timers/promises';
import * as realtime from '@openai/agents/realtime';
import { OpenAIRealtimeBase } from '@openai/agents-realtime';
import { expect, it, onTestFinished } from 'vitest';
import { Observer } from '../../src/pipeline/observer.ts';
import { seamsIn } from '../../src/sdk/observed-classes.ts';
import { call, created, done, itemDone, message, SESSION, sound } from '../hierarchy/realtime/events.ts';
import { type Program, startProgram } from '../support/program.ts';
import type { SessionOptions } from '../support/session.ts';
import type { ServerSocket } from '../support/simulator/index.ts';
import { collectWarnings } from '../support/warnings.ts';

/** A program whose realtime agent says what the test has it say, and the frames that reach the server. */
interface Voice extends Program {
  readonly frames: () => readonly { readonly type: string }[];
  /** Sends events of the server, and waits until the agent has heard them. */
  answer(...events: object[]): Promise<void>;
  /** Waits until the agent has sent so many frames of a type. */
  sent(type: string, count?: number): Promise<void>;
  close(): Promise<void>;
  ask(text: string): void;
  speak(sound: ArrayBuffer): void;
  /** The server ends the connection. */
  lose(end: (server: ServerSocket) => void): Promise<void>;
}

async function startVoice(observed: boolean, options: SessionOptions = {}): Promise<Voice> {
  const program = await startProgram(options);
  const [seam] = seamsIn({ OpenAIRealtimeBase }, 'agents-realtime');
  const observer = new Observer({ cost: false, ...options.config });
  if (observed) seam?.addDefault(observer);
  onTestFinished(() => {
    seam?.removeDefault(observer);
    observer.dispose();
  });
  program.simulator.onSocket(() => undefined);
  const weather = realtime.tool({
    name: 'get_weather',
    description: 'Tells the weather',
    parameters: { type: 'object', properties: {}, required: [], additionalProperties: true },
    strict: false,
    execute: () => 'sunny',
  });
  const agent = new realtime.RealtimeAgent({ name: 'Voice', instructions: 'Talk.', tools: [weather] });
  const transport = new realtime.OpenAIRealtimeWebSocket();
  const session = new realtime.RealtimeSession(agent, { transport, model: 'gpt-realtime' });
  const url = `${program.simulator.url.replace('http', 'ws')}/realtime?model=gpt-realtime`;
  await session.connect({ apiKey: 'test', url });
  const server = program.simulator.sockets.at(-1);
  if (server === undefined) throw new Error('No socket is open.');
  const frames: Voice['frames'] = () => server.frames.map((text) => JSON.parse(text));
  const heard: string[] = [];
  session.on('transport_event', ({ type }) => void heard.push(type));
  return {
    ...program,
    frames,
    async answer(...events) {
      heard.length = 0;
      for (const event of events) server.send(event);
      while (heard.length < events.length) await delay(1);
    },
    async sent(type, count = 1) {
      while (frames().filter((frame) => frame.type === type).length < count) await delay(1);
    },
    ask: (text) => session.sendMessage(text),
    speak: (sound) => session.sendAudio(sound, { commit: true }),
    async lose(end) {
      end(server);
      while (program.telemetry.openSpans.length > 0) await delay(1);
    },
    async close() {
      session.close();
      while (program.telemetry.openSpans.length > 0) await delay(1);
    },
  };
}

/** A question that needs a tool, and its answer. */
async function converse({ answer, ask, close, sent }: Voice): Promise<void> {
  await answer({ type: 'session.created', event_id: 'event_session', session: SESSION });
  await sent('session.update');
  ask('Weather?');
  await sent('response.create');
  const item = call('item_1');
  await answer(
    created('resp_1'),
    sound('resp_1'),
    itemDone('resp_1', item),
    done('resp_1', { output: [item] }),
  );
  await sent('response.create', 2);
  await answer(
    created('resp_2'),
    sound('resp_2'),
    done('resp_2', { output: [message('item_2', 'It is sunny.')] }),
  );
  await close();
}

it('records the session of a realtime agent, and passes over frames that are not JSON, without a warning', async () => {
  const warnings = collectWarnings();
  const voice = await startVoice(true);
  for (const text of ['{', 'null', '']) voice.simulator.sockets.at(-1)?.sendText(text);
  await converse(voice);
  expect(warnings).toEqual([]);
  await voice.expectTree(`
    realtime
    ├─ chat gpt-realtime         gen_ai.response.id=resp_1
    ├─ execute_tool get_weather  gen_ai.response.id=resp_1
    └─ chat gpt-realtime         gen_ai.response.id=resp_2
  `);
});

it.each([
  ['closes the connection with an error', (server: ServerSocket) => server.close(1011), 1011],
  ['sends text that is not UTF-8', (server: ServerSocket) => server.sendInvalidText(), 1006],
])('records an error if the server %s', async (_, end, code) => {
  const voice = await startVoice(true);
  await voice.answer({ type: 'session.created', event_id: 'event_session', session: SESSION });
  await voice.sent('session.update');
  voice.ask('Weather?');
  await voice.sent('response.create');
  await voice.lose(end);
  await voice.expectTree(`
    realtime               !connection_closed openai.socket.close_code=${code}
    └─ chat gpt-realtime   !connection_closed
  `);
});

it('counts sound however much is sent at once', async () => {
  const voice = await startVoice(true);
  await voice.answer({ type: 'session.created', event_id: 'event_session', session: SESSION });
  await voice.sent('session.update');
  voice.speak(new ArrayBuffer(3 * 48_000));
  await voice.sent('input_audio_buffer.commit');
  await voice.close();
  await voice.expectTree('realtime  openai.realtime.input_audio_duration=3 openai.socket.sent_events=3');
});

it('sends the same frames with and without', async () => {
  const frames: unknown[] = [];
  for (const observed of [false, true]) {
    const voice = await startVoice(observed);
    await converse(voice);
    const sent = JSON.stringify(voice.frames());
    frames.push(sent.replaceAll(/"(?:event_id|id|item_id)":"[^"]*"/g, ''));
  }
  expect(frames[1]).toBe(frames[0]);
});
