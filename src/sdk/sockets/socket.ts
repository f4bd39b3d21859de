import type { Context } from '@opentelemetry/api';
import type { PayloadObject } from '../../util/payload.ts';

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
  /** It was noticed some time after it happened: what was open ended with its last event. */
  readonly isLate: boolean;
}

/** What a socket carries, frame by frame. Nothing here may throw: the SDK would stop reading. */
export interface SocketObservation {
  /**
   * An event of the program is about to be sent; `undefined` for one that is not read.
   *
   * @param waits the connection is closed: the SDK keeps the event for the next one
   */
  sent(event: PayloadObject | undefined, waits: boolean): void;
  /** An event that waited is sent over the next connection. */
  flushed?(event: PayloadObject | undefined): void;
  /** What waited has been sent, before it could be observed. */
  reconnected?(): void;
  /** The event just given to {@link sent} could not be sent. */
  notSent(error: unknown): void;
  received(event: unknown): void;
  /** @param opened whether frames have passed over the connection */
  connectionClosed(close: SocketClose, opened: boolean): void;
  /** There will be no further connection. */
  closed(close: SocketClose): void;
}
