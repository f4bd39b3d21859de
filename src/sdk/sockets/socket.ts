import type { Context } from '@opentelemetry/api';
import { field, type PayloadObject, textField } from '../../util/payload.ts';

export type SocketKind = 'responses' | 'realtime' | 'translation' | 'live';

export interface OpenedSocket {
  readonly kind: SocketKind;
  /** The socket's client. If its class keeps none, an object with the base URL and the deployment. */
  readonly client: object;
  /** The context in which the socket was first seen, which is usually that of its creation. */
  readonly context: Context;
  readonly parameters: Readonly<Record<string, string>>;
  readonly time: number;
}

export interface SocketClose {
  /** The close code of the WebSocket protocol: 1006 if the connection broke, `undefined` if it is unknown. */
  readonly code: number | undefined;
  readonly byProgram: boolean;
  /** The reported error, if it has a code. Otherwise, an error that says that the connection closed. */
  readonly error: object;
  /** Whether neither side wanted the socket to close. */
  readonly isFailure: boolean;
}

/** Ends the request of an event that will never go out. */
export type Lose = (error: unknown) => void;

/** Receives what a socket carries, frame by frame. Its methods must not throw: the SDK would stop reading. */
export interface SocketObservation {
  /**
   * The program sends an event. The program's context is active.
   *
   * @param event `undefined` if it is not parsed
   * @param isLost whether it is known that the event will never go out
   */
  sent(event: PayloadObject | undefined, isLost: boolean): Lose | undefined;
  received(event: unknown): void;
  /** A connection has closed. Another one may follow. */
  closed(close: SocketClose): void;
}

/** The error message of the package `ws` if a server refuses the connection. */
const REFUSED = /^Unexpected server response: (\d{3})$/;

/** Close codes of an orderly close: normal (1000), going away (1001), no code (1005). */
const ORDERLY_CLOSES: readonly unknown[] = [1000, 1001, 1005];

export function isOrderly(code: unknown): boolean {
  return ORDERLY_CLOSES.includes(code);
}

interface ClosedConnection extends Pick<SocketClose, 'code' | 'byProgram'> {
  readonly error: unknown;
  readonly hasFailed: boolean;
}

export function closeOf({ code, byProgram, error, hasFailed }: ClosedConnection): SocketClose {
  const isFailure = !byProgram && (code === undefined ? hasFailed : !isOrderly(code));
  return { code, byProgram, isFailure, error: closeError(error, code) };
}

function closeError(error: unknown, code: number | undefined): object {
  const status = REFUSED.exec(textField(error, 'message') ?? '')?.[1];
  if (status !== undefined) return { code: status, message: textField(error, 'message') };
  if (typeof field(error, 'code') === 'string') return error as object;
  return {
    code: 'connection_closed',
    message: `The WebSocket closed${code === undefined ? '' : ` with ${code}`}.`,
  };
}

/** Longer frames are parsed only if they name an event that is read. */
const MAX_RAW_FRAME_LENGTH = 65_536;
const MAY_BE_READ = /"(?:(?:response|conversation|session)\.|input_audio_buffer\.append)/;

/** `undefined` if the frame is long and probably not read, or not JSON. */
export function parseFrame(data: unknown): unknown {
  if (typeof data !== 'string') return undefined;
  if (data.length > MAX_RAW_FRAME_LENGTH && !MAY_BE_READ.test(data)) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** The URL with `http` in place of `ws`: a server's ids are the same for both protocols. */
export function httpUrl({ protocol, host, pathname }: URL): string {
  return `${protocol.replace('ws', 'http')}//${host}${pathname}`;
}
