import { agentRoutes } from './agents.ts';
import { type Answer, applyAnswer, takeAnswer } from './answers.ts';
import { assistantRoutes } from './assistants.ts';
import { chatRoutes } from './chat.ts';
import { completionRoutes } from './completions.ts';
import { conversationRoutes } from './conversations.ts';
import { genericAnswer, specialRoutes } from './generic.ts';
import { mediaRoutes } from './media.ts';
import { json, type Reply, RequestError } from './reply.ts';
import type { ResponseScript } from './response-script.ts';
import { responseRoutes } from './responses.ts';
import { dispatch } from './router.ts';
import { runRoutes } from './runs.ts';
import type { RunScript } from './script.ts';
import { listen, type ReceivedRequest } from './server.ts';
import type { TurnScript } from './session-script.ts';
import { sessionRoutes } from './sessions.ts';
import { answerResponses, type SocketScript } from './sockets.ts';
import { vectorStoreRoutes } from './vector-stores.ts';
import type { ServerSocket } from './web-socket.ts';
import { World } from './world.ts';

/** A server on the loopback interface that stands in for the OpenAI API. */
export interface Simulator {
  /** `http://127.0.0.1:PORT/v1`, to be used as `baseURL`. */
  readonly url: string;
  /** What arrived so far, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  /** Queues an answer for the next request it matches. */
  next(answer: Answer): void;
  /** Queues how the next runs behave, first come first served. */
  script(...runs: RunScript[]): void;
  /** Queues how the next responses of the Responses API behave, first come first served. */
  respond(...responses: ResponseScript[]): void;
  /** Queues how the next turns of Agents sessions behave, first come first served. */
  turn(...turns: TurnScript[]): void;
  /** The WebSockets so far, oldest first. */
  readonly sockets: readonly ServerSocket[];
  /** Queues what the server does on the next WebSockets; by default it answers the Responses API. */
  onSocket(...scripts: SocketScript[]): void;
  /** `offset`: seconds added to every timestamp, for a server whose clock is off. */
  readonly clock: { offset: number; stop(): void };
  /** Destroys open sockets. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a simulator on a free port. It keeps the process alive until `close()`.
 *
 * @param options.idOffset added to the count in every id: one program may talk to several simulators
 * @param options.port where it listens; default: a free one
 * @param options.faults asked for each request that no answer is queued for: what goes wrong with it
 */
export async function startSimulator(
  options: {
    readonly runs?: readonly RunScript[];
    readonly idOffset?: number;
    readonly port?: number;
    readonly faults?: () => Answer | undefined;
  } = {},
): Promise<Simulator> {
  const world = new World();
  world.identifiers.offset = options.idOffset ?? 0;
  world.scripts.push(...(options.runs ?? []));
  const routes = [
    ...runRoutes(world),
    ...assistantRoutes(world),
    ...sessionRoutes(world),
    ...agentRoutes(world),
    ...chatRoutes(world),
    ...responseRoutes(world),
    ...conversationRoutes(world),
    ...completionRoutes(world),
    ...mediaRoutes(world),
    ...vectorStoreRoutes(),
    ...specialRoutes(),
  ];
  const answers: Answer[] = [];
  const sockets: ServerSocket[] = [];
  const scripts: SocketScript[] = [];
  const ownReply = (request: ReceivedRequest): Reply => {
    try {
      return dispatch(routes, (call) => genericAnswer(world, call), request);
    } catch (error) {
      return error instanceof RequestError ? error.toReply() : internalError(error);
    }
  };
  const server = await listen(
    (request) => {
      const answer = takeAnswer(answers, request) ?? options.faults?.();
      const delivery = applyAnswer(answer, () => ownReply(request));
      const headers = { ...commonHeaders(world), ...delivery.reply.headers };
      return { ...delivery, reply: { ...delivery.reply, headers } };
    },
    options.port,
    (socket) => {
      sockets.push(socket);
      (scripts.shift() ?? answerResponses(world))(socket);
    },
  );
  return {
    url: `${server.origin}/v1`,
    requests: server.requests,
    next: (answer) => void answers.push(answer),
    script: (...runs) => void world.scripts.push(...runs),
    respond: (...responses) => void world.responseScripts.push(...responses),
    turn: (...turns) => void world.turnScripts.push(...turns),
    sockets,
    onSocket: (...next) => void scripts.push(...next),
    clock: world.clock,
    close: server.close,
  };
}

function commonHeaders(world: World): Record<string, string> {
  return {
    'x-request-id': world.identifiers.next('req_', 32),
    'openai-processing-ms': '5',
    'openai-version': '2020-10-01',
  };
}

/** A mistake in the simulator or a body it cannot read: the test should see it at once, without retries. */
function internalError(error: unknown): Reply {
  const message = `The simulator failed: ${error instanceof Error ? error.stack : String(error)}`;
  return json(
    { error: { message, type: 'server_error', param: null, code: null } },
    { status: 500, headers: { 'x-should-retry': 'false' } },
  );
}
