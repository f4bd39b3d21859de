import { arrayField, field, first, MAX_READ, stringField } from '../../util/payload.ts';
import type { FactSink, InvocationView } from '../dialect.ts';
import type { MessageSnapshot } from '../model.ts';
import { asTime } from '../operation-clock.ts';
import { readThreadMessage } from './objects.ts';

/** Older messages are not looked for. */
export const MAX_READ_MESSAGES = 20;

interface Listed {
  readonly message: MessageSnapshot;
  readonly createdAt: number | undefined;
}

/**
 * Reads the newest messages of a thread for one of its runs: those that the run made are its output, and those before its
 * first answer what the model was given.
 */
export function readMessagesOfRun(listed: unknown, run: InvocationView, sink: FactSink): void {
  const { id, conversationId, snapshot } = run;
  if (id === undefined) return;
  const messages = readListedMessages(messagesInOrder(first(arrayField(listed, 'data'), MAX_READ)), sink);
  readInput(messages, { id, conversationId, createdAt: snapshot?.createdAt }, sink);
  for (const { message } of messages) if (isAnswerOfRun(message, id)) sink.message(message);
}

/**
 * Reads what runs were given from a list that the program has read.
 *
 * @param inOrder its messages, oldest first
 */
export function readListedInput(
  list: unknown,
  inOrder: readonly unknown[],
  query: unknown,
  sink: FactSink,
): void {
  if (!sink.content) return;
  const isPart = ['run_id', 'after', 'before'].some((name) => stringField(query, name) !== undefined);
  const isShort = inOrder.length < MAX_READ_MESSAGES && field(list, 'has_more') !== false;
  if (isPart || isShort) return;
  const messages = readListedMessages(inOrder, sink);
  const ids = new Set(messages.map(({ message }) => message.invocationId));
  for (const id of ids) {
    const conversationId = messages[0]?.message.conversationId;
    if (id !== undefined && sink.wants(id, conversationId) === 'changes')
      readInput(messages, { id, conversationId, createdAt: undefined }, sink);
  }
}

/** A run that has not answered was given what there was when it was created. */
function readInput(
  messages: readonly Listed[],
  run: { id: string; conversationId: string | undefined; createdAt: number | undefined },
  sink: FactSink,
): void {
  const { id: invocationId, conversationId, createdAt: created = Number.NEGATIVE_INFINITY } = run;
  const answer = messages.findIndex(({ message }) => isAnswerOfRun(message, invocationId));
  const given =
    answer >= 0
      ? messages.slice(0, answer)
      : messages.filter(({ createdAt = Number.POSITIVE_INFINITY }) => createdAt <= created);
  for (const { message } of given) sink.message({ ...message, conversationId, invocationId, isInput: true });
}

function readListedMessages(values: readonly unknown[], sink: FactSink): Listed[] {
  return values.flatMap((value) => {
    const message = readThreadMessage(value, sink);
    return message === undefined ? [] : [{ message, createdAt: timeOf(value) }];
  });
}

function isAnswerOfRun({ invocationId, role }: MessageSnapshot, runId: string): boolean {
  return invocationId === runId && role === 'assistant';
}

function timeOf(message: unknown): number | undefined {
  return asTime(field(message, 'created_at'));
}

/** Lists are newest first by default. Messages of one second are taken for that. */
function messagesInOrder(listed: readonly unknown[]): readonly unknown[] {
  const [oldest, newest] = [listed[0], listed.at(-1)].map(timeOf);
  const isOldestFirst = oldest !== undefined && newest !== undefined && oldest < newest;
  return isOldestFirst ? listed : listed.toReversed();
}
