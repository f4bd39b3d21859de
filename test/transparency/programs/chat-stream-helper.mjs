import OpenAI from 'openai';
import { caught, HELLO, readAll } from '../runtime/requests.mjs';

const EVENTS = [
  'connect',
  'chunk',
  'content',
  'message',
  'finalContent',
  'finalMessage',
  'finalChatCompletion',
  'end',
  'error',
  'abort',
];

export default async ({ options, absent }) => {
  const client = new OpenAI(options);
  const completions = client.chat.completions.stream
    ? client.chat.completions
    : client.beta?.chat?.completions;
  if (completions?.stream === undefined) return absent('stream');
  const seen = [];
  const helper = completions.stream(HELLO);
  for (const event of EVENTS) helper.on(event, (...args) => seen.push([event, args]));
  const chunks = await readAll(helper);
  return {
    seen,
    chunks,
    final: await helper.finalChatCompletion(),
    usage: await caught(() => helper.totalUsage()),
  };
};
