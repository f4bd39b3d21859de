// What is kept alive: no client or socket that is done.
import OpenAI from 'openai';
import { instrumentOpenAI } from '../../../src/client.ts';
import { Observer } from '../../../src/pipeline/observer.ts';
import { RealtimeTransports } from '../../../src/sdk/agents-sdk/realtime-transport.ts';
import { collectUntil, finish, simulator, telemetry } from './surroundings.ts';

const collected: string[] = [];
const registry = new FinalizationRegistry<string>((name) => collected.push(name));

const programs: Readonly<Record<string, () => Promise<() => Promise<void>>>> = {
  /** Makes a call with a client that nobody uses again; others with the same settings go on. */
  async client() {
    const settings = {};
    const options = { apiKey: 'k', baseURL: simulator.url };
    const [kept, dropped] = [new OpenAI(options), new OpenAI(options)];
    for (const each of [kept, dropped]) await instrumentOpenAI(each, settings).models.list();
    registry.register(dropped, 'client');
    return async () => void (await kept.models.list());
  },
  /** Closes the socket of a realtime agent that is a plain object, as a function of the program may make one. */
  async socket() {
    class Transport {
      _onMessage(_: object): void {}
    }
    const transport = new Transport();
    new RealtimeTransports(Transport.prototype).addDefault(new Observer());
    useSocket((message) => transport._onMessage(message));
    return async () => transport._onMessage({});
  },
};

function useSocket(receive: (message: object) => void): void {
  const listeners: ((event: object) => void)[] = [];
  const socket = {
    url: 'wss://host/v1/realtime?model=gpt-realtime',
    readyState: 1,
    addEventListener: (_: string, listener: (event: object) => void) => void listeners.push(listener),
    send: () => undefined,
    close: () => {
      for (const listener of listeners) listener({ code: 1000 });
    },
  };
  const created = { type: 'session.created', session: { id: 'sess_1' } };
  receive({ target: socket, data: JSON.stringify(created) });
  socket.close();
  registry.register(socket, `socket of ${telemetry.spans.map(({ name }) => name).join()}`);
}

const name = process.argv[2] ?? '';
const proceed = await programs[name]?.();
await collectUntil(() => collected.length > 0);
await proceed?.();
await finish(collected);
