import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { Completion } from '../../config/completion-types.ts';
import { guard } from '../../util/guard.ts';
import { field, MAX_PART_DEPTH, setOwn } from '../../util/payload.ts';
import { UnreadMessage } from './messages.ts';

/** The content of one operation; each part is optional. */
export type Content = Partial<
  Pick<
    Completion,
    | 'systemInstructions'
    | 'inputMessages'
    | 'outputMessages'
    | 'toolDefinitions'
    | 'toolArguments'
    | 'toolResult'
    | 'functionArguments'
    | 'functionResult'
    | 'documents'
    | 'parameters'
  >
>;

/** A completion without content. */
export function newCompletion(operation: Attributes, spanContext: SpanContext): Completion {
  return {
    operation: { ...operation },
    spanContext,
    systemInstructions: [],
    inputMessages: [],
    outputMessages: [],
    toolDefinitions: [],
    toolArguments: undefined,
    toolResult: undefined,
    functionArguments: undefined,
    functionResult: undefined,
    documents: [],
    parameters: {},
    errorMessage: undefined,
    evaluationExplanation: undefined,
    attributes: {},
  };
}

/** The number of values copied of one message, definition, document or tool call. */
const MAX_COPIED_VALUES = 100_000;

/** Copies content, so that a hook may change it without changing the program's payload. */
export function copyContent(content: Content): Content {
  let left = MAX_COPIED_VALUES;
  const copy = (given: unknown, depth: number): unknown => {
    const value = given instanceof UnreadMessage ? guard('reading a message', () => given.toJSON()) : given;
    if (typeof value !== 'object' || value === null) return typeof value === 'function' ? undefined : value;
    if (depth === 0 || left <= 0) return undefined;
    if (Array.isArray(value) && depth === MAX_PART_DEPTH - 1)
      return value.map((item) => copyWhole(item, depth - 1));
    if (Array.isArray(value)) {
      left -= value.length;
      return value.slice(0, MAX_COPIED_VALUES).map((item) => copy(item, depth - 1));
    }
    const copied: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      if (left-- <= 0) break;
      setOwn(copied, key, copy(field(value, key), depth - 1));
    }
    return copied;
  };
  /** Resets the limit for each item: half a message is of no use to a hook. */
  const copyWhole = (item: unknown, depth: number): unknown => {
    left = MAX_COPIED_VALUES;
    return copy(item, depth);
  };
  return copy(content, MAX_PART_DEPTH) as Content;
}
