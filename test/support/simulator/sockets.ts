import type { ResponseBody } from './live-response.ts';
import { RequestError } from './reply.ts';
import { createResponse } from './responses.ts';
import type { ServerSocket } from './web-socket.ts';
import type { World } from './world.ts';

/** What the server does on a connection, from when it is open. */
export type SocketScript = (socket: ServerSocket) => void;

/** Responses over a WebSocket, each answered at once with all its events, in the lane it was asked for in. */
export function answerResponses(world: World): SocketScript {
  return (socket) => {
    socket.onText = (text) => {
      const { type, stream_id, ...body } = JSON.parse(text) as { type: string; stream_id?: string };
      if (type === 'response.create') respond(world, socket, body as ResponseBody, stream_id);
    };
  };
}

function respond(world: World, socket: ServerSocket, body: ResponseBody, lane: string | undefined): void {
  const echo = lane === undefined ? {} : { stream_id: lane };
  try {
    const response = createResponse(world, body);
    response.finish();
    for (const event of response.events) socket.send({ ...event, ...echo });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { status, chunks } = error.toReply();
    socket.send({ type: 'error', status, ...JSON.parse(String(chunks[0])), ...echo });
  }
}
