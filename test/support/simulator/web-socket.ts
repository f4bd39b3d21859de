import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** RFC 6455, section 1.3. */
const ACCEPT_KEY = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** The server's end of a WebSocket, without extensions: it sends what a test wants, however wrong. */
export class ServerSocket {
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The frames of the client so far, as texts. */
  readonly frames: string[] = [];
  /** Set before the next frame can arrive. */
  onText: (text: string) => void = () => undefined;
  onClose: () => void = () => undefined;
  readonly #stream: Duplex;
  #unread: Buffer = Buffer.alloc(0);

  constructor(request: IncomingMessage, stream: Duplex) {
    this.path = request.url ?? '/';
    this.headers = Object.fromEntries(
      Object.entries(request.headers).map(([key, value]) => [key, String(value)]),
    );
    this.#stream = stream;
    stream.on('data', (bytes: Buffer) => this.#read(bytes));
    stream.on('error', () => undefined);
    stream.on('close', () => this.onClose());
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}${ACCEPT_KEY}`)
      .digest('base64');
    stream.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n` +
        (request.headers['sec-websocket-protocol'] === undefined
          ? ''
          : 'Sec-WebSocket-Protocol: realtime\r\n') +
        '\r\n',
    );
  }

  /** Sends an event as the API does. */
  send(event: object): void {
    this.sendText(JSON.stringify(event));
  }

  sendText(text: string): void {
    this.#write(TEXT, Buffer.from(text));
  }

  sendBinary(bytes: Uint8Array): void {
    this.#write(BINARY, Buffer.from(bytes));
  }

  /** Sends a text frame that a client must not accept. */
  sendInvalidText(): void {
    this.#write(TEXT, Buffer.from([0xff]));
  }

  close(code: number = 1000, reason: string = ''): void {
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.#write(CLOSE, payload);
    this.#stream.end();
  }

  /** The connection breaks. */
  destroy(): void {
    this.#stream.destroy();
  }

  #write(opcode: number, payload: Buffer): void {
    if (this.#stream.writable) this.#stream.write(Buffer.concat([header(opcode, payload.length), payload]));
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
    for (let frame = readFrame(this.#unread); frame !== undefined; frame = readFrame(this.#unread)) {
      this.#unread = this.#unread.subarray(frame.length);
      if (frame.opcode === TEXT) {
        const text = frame.payload.toString('utf8');
        this.frames.push(text);
        this.onText(text);
      } else if (frame.opcode === PING) this.#write(PONG, frame.payload);
      else if (frame.opcode === CLOSE) {
        this.#write(CLOSE, frame.payload);
        this.#stream.end();
      }
    }
  }
}

function header(opcode: number, length: number): Buffer {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const bytes = Buffer.alloc(2 + extended);
  bytes[0] = 0x80 | opcode;
  bytes[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) bytes.writeUInt16BE(length, 2);
  if (extended === 8) bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  /** Of the whole frame. */
  readonly length: number;
}

/** A masked frame of a client; none of those that the SDK sends is fragmented. */
function readFrame(bytes: Buffer): Frame | undefined {
  const short = (bytes[1] ?? 0) & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extended + 4;
  if (bytes.length < start) return undefined;
  const size =
    extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + size) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + size));
  for (let index = 0; index < payload.length; index++)
    payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0);
  return { opcode: (bytes[0] ?? 0) & 0x0f, payload, length: start + size };
}
