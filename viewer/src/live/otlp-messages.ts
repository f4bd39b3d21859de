import type { Reader } from 'protobufjs/minimal.js';

/** Reads a protobuf message. Fields are named and structured as in OTLP/JSON; ids and bytes are arrays of bytes. */
export interface MessageType {
  decode(reader: Reader): Readonly<Record<string, unknown>>;
}

/** The request messages of OTLP. The build generates them (`scripts/otlp/messages.ts`). */
export declare const ExportTraceServiceRequest: MessageType;
export declare const ExportLogsServiceRequest: MessageType;
