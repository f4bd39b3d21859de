import type { Context } from '@opentelemetry/api';
import { field, type PayloadObject, textField } from '../../util/payload.ts';

/** What is done over a socket. */
export type SocketKind = 'responses' | 'realtime' | 'translation' | 'live';

/** A socket of the SDK, when it is first seen. */
export interface OpenedSocket {
  readonly kind: SocketKind;
  /** The client it was made with. Classes that keep none have one with their base URL and deployment here. */
  readonly client: object;
  /** The context it was created in, as far as it is known. */
  readonly context: Context;
  /** From the query of its URL. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly time: number;
}

/** Why and how a socket closed. */
export interface SocketClose {
  /** Of the WebSocket protocol; 1006 where the connection broke. */
  readonly code: number | undefined;
  /** The program called `close()`. */
  readonly byProgram: boolean;
  /** What the connection broke with; that it closed, where nothing else was told. */
  readonly error: object;
  /** Neither side wanted it. */
  readonly isFailure: boolean;
}

/** What a socket carries, frame by frame. Nothing here may throw: the SDK would stop reading. */
export interface SocketObservation {
  /** An event of the program goes out, in the context that the program has sent it in; `undefined` for one that is not read. */
  sent(event: PayloadObject | undefined): void;
  /** An event of the program never goes out. */
  notSent(event: PayloadObject | undefined, error: unknown): void;
  received(event: unknown): void;
  /** A connection has closed. Another one may follow. */
  closed(close: SocketClose): void;
}

/** What the package `ws` says about a server that refuses the connection. */
const REFUSED = /^Unexpected server response: (\d{3})$/;

/** Closes that both sides wanted: as agreed, going away, without a code. */
const ORDERLY_CLOSES: readonly number[] = [1000, 1001, 1005];

interface ClosedConnection extends Pick<SocketClose, 'code' | 'byProgram'> {
  /** What the SDK has reported before. */
  readonly error: unknown;
  readonly hasFailed: boolean;
}

export function closeOf({ code, byProgram, error, hasFailed }: ClosedConnection): SocketClose {
  const isOrderly = code === undefined ? !hasFailed : ORDERLY_CLOSES.includes(code);
  return { code, byProgram, isFailure: !byProgram && !isOrderly, error: closeError(error, code) };
}

/** The error of what was in progress when a socket closed: what the connection broke with, else that it closed. */
function closeError(error: unknown, code: number | undefined): object {
  const status = REFUSED.exec(textField(error, 'message') ?? '')?.[1];
  if (status !== undefined) return { code: status, message: textField(error, 'message') };
  if (typeof field(error, 'code') === 'string') return error as object;
  return {
    code: 'connection_closed',
    message: `The WebSocket closed${code === undefined ? '' : ` with ${code}`}.`,
  };
}

/** Longer texts that a program sends by itself are sound, and not parsed, unless they name something else. */
const MAX_RAW_FRAME_LENGTH = 65_536;
const MAY_BE_READ = /"(?:(?:response|conversation)\.|session\.update)/;

/** A frame that the program has serialised itself. */
export function parseFrame(data: unknown): unknown {
  const isLong = typeof data === 'string' && data.length > MAX_RAW_FRAME_LENGTH;
  return isLong && !MAY_BE_READ.test(data) ? undefined : parseReceived(data);
}

/** A frame of a server: `undefined` for one that is not JSON. */
export function parseReceived(data: unknown): unknown {
  if (typeof data !== 'string') return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** Ids are unique at an origin, whatever the protocol. */
export function httpUrl({ protocol, host, pathname }: URL): string {
  return `${protocol.replace('ws', 'http')}//${host}${pathname}`;
}
