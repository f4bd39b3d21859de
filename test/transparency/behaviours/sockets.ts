import type { SocketScript } from '../../support/simulator/index.ts';
import { type Behaviour, times } from '../behaviour.ts';
import { answerEvents } from './socket-server.ts';

/** Most programs open one socket with listeners and one without. */
function twice(prefix: string): SocketScript[] {
  return [1, 2].map((number) => answerEvents(`${prefix}_${number}`));
}

/** The last request of each socket comes after its close. */
const RESPONSES = times(2, [
  ...times(2, 'chat gpt-4o  openai.stream.end=completed'),
  'chat gpt-4o  !connection_closed',
]).flat();

const SESSION = `
  realtime  !connection_closed
  └─ chat gpt-realtime  openai.stream.end=completed
`;
/** Its first request cannot be serialised. */
const SESSION_WITH_MISTAKE = `
  realtime  !connection_closed
  ├─ chat gpt-realtime  !TypeError
  └─ chat gpt-realtime  openai.stream.end=completed
`;

/** The socket classes of the SDK: each of them, with and without listeners, and how their connections end. */
export const SOCKETS: readonly Behaviour[] = [
  { name: 'socket-responses', title: '`ResponsesWS`', sockets: twice('responses'), spans: RESPONSES },
  {
    name: 'socket-responses-beta',
    title: '`ResponsesWS` of `beta`',
    sockets: twice('beta_responses'),
    spans: RESPONSES,
  },
  {
    name: 'socket-realtime',
    title: '`OpenAIRealtimeWS`',
    sockets: twice('realtime'),
    spans: times(2, SESSION_WITH_MISTAKE),
  },
  {
    name: 'socket-realtime-platform',
    title: '`OpenAIRealtimeWebSocket`',
    sockets: twice('platform'),
    spans: times(2, SESSION),
  },
  {
    name: 'socket-realtime-beta',
    title: '`OpenAIRealtimeWS` of `beta`',
    sockets: twice('beta_realtime'),
    spans: times(2, SESSION_WITH_MISTAKE),
  },
  {
    name: 'socket-realtime-beta-platform',
    title: '`OpenAIRealtimeWebSocket` of `beta`',
    sockets: twice('beta_platform'),
    spans: times(2, SESSION),
  },
  {
    name: 'socket-translation',
    title: '`OpenAIRealtimeTranslationWS`',
    sockets: twice('translation'),
    spans: times(2, 'realtime  !connection_closed'),
  },
  {
    name: 'socket-live',
    title: '`LiveWS`',
    sockets: twice('live'),
    spans: times(2, 'live  !connection_closed'),
  },
  {
    name: 'socket-live-fork',
    title: '`ForksWS`',
    sockets: twice('fork'),
    spans: times(2, 'live  !connection_closed'),
  },
  {
    name: 'socket-live-sideband',
    title: '`SidebandWS`',
    sockets: twice('sideband'),
    spans: times(2, 'live  !connection_closed'),
  },
  {
    name: 'socket-broken',
    title: 'A socket whose connection breaks within a response',
    sockets: twice('broken'),
    spans: times(
      2,
      `
      realtime  !connection_closed
      └─ chat gpt-realtime  !connection_closed openai.stream.end=error
      `,
    ),
  },
  {
    name: 'socket-left',
    title: 'A socket that the program closes within a response',
    sockets: twice('left'),
    spans: [
      `
      realtime
      └─ chat gpt-realtime  openai.stream.end=aborted
      `,
    ],
  },
  {
    name: 'socket-reconnects',
    title: 'A `ResponsesWS` that reconnects',
    sockets: twice('reconnects'),
    spans: [
      'chat gpt-lost  !connection_closed openai.stream.end=error',
      'chat gpt-kept  openai.stream.end=completed',
    ],
  },
];
