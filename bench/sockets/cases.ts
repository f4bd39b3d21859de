/** A case over a socket: a response with a number of chunks, or a number of frames that the program sends. */
export interface SocketCase {
  readonly title: string;
  readonly api: 'realtime' | 'responses';
  /** The number of chunks of audio or text in a response. */
  readonly deltas: number;
  /** The number of audio frames that the program sends before it requests a response. */
  readonly sent: number;
  /** The number of responses in one round. */
  readonly operations: number;
}

/** 20 ms of PCM16 at 24 kHz, as base64. */
export const SOUND: string = 'A'.repeat(1_280);

export const SOCKET_CASES: readonly SocketCase[] = [
  { title: 'realtime response without audio', api: 'realtime', deltas: 0, sent: 0, operations: 400 },
  {
    title: 'realtime response of 1,000 audio chunks',
    api: 'realtime',
    deltas: 1_000,
    sent: 0,
    operations: 16,
  },
  {
    title: '1,000 audio chunks sent, and a response',
    api: 'realtime',
    deltas: 0,
    sent: 1_000,
    operations: 16,
  },
  { title: 'response of 100 text chunks', api: 'responses', deltas: 100, sent: 0, operations: 60 },
];
