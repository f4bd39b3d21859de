import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { describe, expect, it } from 'vitest';
import { instrumentOpenAI } from '../../../src/client.ts';
import { Observer } from '../../../src/pipeline/observer.ts';
import { findSocketPrototypes, packageOfSocketFile } from '../../../src/sdk/sockets/find-sockets.ts';
import { SocketSeam } from '../../../src/sdk/sockets/index.ts';
import { startProgram } from '../../support/program.ts';
import { platformSocket } from '../../support/responses-socket.ts';

describe('socket classes', () => {
  it.each([
    ['/app/node_modules/openai/resources/responses/ws.js', '/app/node_modules/openai'],
    ['/app/node_modules/openai/resources/beta/responses/ws.mjs', '/app/node_modules/openai'],
    ['C:\\app\\node_modules\\openai\\beta\\realtime\\websocket.js', 'C:\\app\\node_modules\\openai'],
    ['file:///app/node_modules/openai/realtime/translations/ws.mjs', 'file:///app/node_modules/openai'],
    ['/app/node_modules/openai/resources/live/sideband/ws.js', '/app/node_modules/openai'],
    ['/app/node_modules/ws/lib/websocket.js', undefined],
    ['/app/node_modules/openai/resources/responses/ws-base.js', undefined],
    ['/app/node_modules/openai/client.js', undefined],
  ])('are in the file %s of %s', (file, folder) => {
    expect(packageOfSocketFile(file)).toBe(folder);
  });

  it('are found in classes, subclasses and modules, and nowhere else', () => {
    class Sub extends ResponsesWS {}
    const found = [ResponsesWS, Sub, { ResponsesWS }, { default: ResponsesWS }].map(findSocketPrototypes);
    expect(found).toEqual([
      [ResponsesWS.prototype],
      [Sub.prototype],
      [ResponsesWS.prototype],
      [ResponsesWS.prototype],
    ]);
    for (const target of [undefined, null, 7, {}, class {}, { ResponsesWS: class {} }, () => undefined])
      expect(findSocketPrototypes(target)).toEqual([]);
  });

  it('are as they were once nobody observes them', () => {
    const before = describePrototypes();
    const seam = SocketSeam.of(ResponsesWS.prototype);
    const [first, second] = [new Observer(), new Observer()];
    seam?.addDefault(first);
    seam?.addDefault(second);
    seam?.removeDefault(first);
    expect(describePrototypes()).not.toEqual(before);
    seam?.removeDefault(second);
    expect(describePrototypes()).toEqual(before);
  });
});

describe('a socket', () => {
  it('that the server refuses ends what waits to be sent', async () => {
    const program = await startProgram();
    const server = createServer().on('upgrade', (_, stream) =>
      stream.end('HTTP/1.1 401 Unauthorized\r\n\r\n'),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    instrumentOpenAI(ResponsesWS);
    const socket = new ResponsesWS(program.client.withOptions({ baseURL: `http://127.0.0.1:${port}/v1` }));
    socket.on('error', () => undefined);
    socket.send({ type: 'response.create', model: 'gpt-4o', input: 'Hello' });
    await new Promise((resolve) => platformSocket(socket).once('close', resolve));
    server.close();
    const [span] = program.telemetry.spans;
    expect(span?.attributes['error.type']).toBe('401');
  });

  it('that reconnects loses what was sent, and keeps what was not', async () => {
    const program = await startProgram();
    instrumentOpenAI(ResponsesWS);
    program.simulator.onSocket((server) => {
      server.onText = () => server.destroy();
    });
    const reconnect = { onReconnecting: () => undefined, initialDelay: 1, maxDelay: 1 };
    const socket = new ResponsesWS(program.client, { reconnect } as never);
    socket.on('error', () => undefined);
    socket.send({ type: 'response.create', model: 'gpt-lost', input: 'Hello' });
    await new Promise<void>((resolve) => {
      socket.on(
        'reconnecting' as never,
        (() => {
          socket.send({ type: 'response.create', model: 'gpt-kept', input: 'Hello' });
          resolve();
        }) as never,
      );
    });
    await socket.emitted('response.completed');
    const seen = program.telemetry.spans.map(({ attributes }) => [
      attributes['gen_ai.request.model'],
      attributes['openai.stream.end'],
    ]);
    expect(seen).toEqual([
      ['gpt-lost', 'error'],
      ['gpt-kept', 'completed'],
    ]);
    expect(program.simulator.sockets.map(({ frames }) => frames.length)).toEqual([1, 1]);
    socket.close();
  });

  it('whose event cannot be serialised records a failed response', async () => {
    const program = await startProgram();
    instrumentOpenAI(ResponsesWS);
    const socket = new ResponsesWS(program.client);
    socket.on('error', () => undefined);
    const circular: Record<string, unknown> = { type: 'response.create', model: 'gpt-4o' };
    circular.self = circular;
    expect(() => socket.send(circular as never)).not.toThrow();
    await once(platformSocket(socket), 'open');
    socket.close();
    const [span] = program.telemetry.spans;
    expect(span?.attributes['error.type']).toBe('TypeError');
  });
});

function describePrototypes(): unknown[] {
  const found: unknown[] = [];
  for (let holder = ResponsesWS.prototype; holder !== null; holder = Object.getPrototypeOf(holder))
    found.push(Object.getOwnPropertyDescriptors(holder));
  return found;
}
