/** A part of a message. It has a `type`, and `content` or other fields that depend on the type. */
export type SpanPart = Readonly<Record<string, unknown>>;

export interface SpanMessage {
  readonly role: string;
  readonly parts: readonly SpanPart[];
}

/** The length, in UTF-16 units, beyond which JSON is not parsed but shown as text. */
const MAX_PARSED_MESSAGES_LENGTH = 1_000_000;
/** JSON nested deeper is also shown as text, because walking it could overflow the stack. */
const MAX_DEPTH = 100;

/**
 * Reads messages, `[{ role, parts: [{ type, content }] }]`, from an attribute: JSON text or the array itself.
 *
 * @returns `undefined` for anything else
 */
export function readMessages(value: unknown): SpanMessage[] | undefined {
  const messages = parseShortJson(value);
  if (!Array.isArray(messages) || !messages.every(isRecord)) return undefined;
  return messages
    .filter(({ parts }) => Array.isArray(parts))
    .map(({ role, parts }) => ({
      role: typeof role === 'string' ? role : '',
      parts: readParts(parts) ?? [],
    }));
}

export function readParts(value: unknown): SpanPart[] | undefined {
  const parts = parseShortJson(value);
  return Array.isArray(parts) ? parts.filter(isRecord).map(asToolPart) : undefined;
}

/** Reads the parts of a tool that the service ran like those of a function, and marks them with `server`. */
function asToolPart({
  server_tool_call: call,
  server_tool_call_response: answer,
  ...part
}: SpanPart): SpanPart {
  if (part.type === 'server_tool_call')
    return { ...part, type: 'tool_call', server: true, arguments: valueInTyped(call, 'arguments') };
  if (part.type === 'server_tool_call_response')
    return { ...part, type: 'tool_call_response', server: true, response: valueInTyped(answer, 'result') };
  return part;
}

/** The value in a typed object: in a field of its own, or spread over the other fields. */
function valueInTyped(typed: unknown, field: string): unknown {
  if (!isRecord(typed)) return typed;
  const { type: _, [field]: value, ...fields } = typed;
  return value ?? (Object.keys(fields).length > 0 ? fields : undefined);
}

/**
 * Parses a string of JSON. Any other value is returned unchanged.
 *
 * @returns `undefined` for a string that is not JSON, too long or nested too deeply
 */
export function parseShortJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value.length > MAX_PARSED_MESSAGES_LENGTH) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isDeeperThan(MAX_DEPTH, parsed) ? undefined : parsed;
  } catch {
    return undefined;
  }
}

export function isDeeperThan(levels: number, value: unknown): boolean {
  if (!isRecord(value)) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeperThan(levels - 1, each));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

export function partContent(part: SpanPart): unknown {
  return part.content ?? part.response ?? part.result;
}

export function messageText(message: SpanMessage | undefined): string | undefined {
  return message?.parts
    .filter(({ type }) => type === 'text' || type === 'refusal')
    .map((part) => attributeText(partContent(part) ?? ''))
    .join(' ');
}

/** Shown for a value that cannot be converted to text, such as a circular object. */
const NO_TEXT = '[no text]';

/** A value as text, as JSON if possible. Never throws, even if its `toJSON` does. */
export function attributeText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || value === undefined) return String(value);
  try {
    return JSON.stringify(value) ?? NO_TEXT;
  } catch {
    return NO_TEXT;
  }
}
