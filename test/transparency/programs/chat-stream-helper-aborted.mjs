import OpenAI from 'openai';
import { caught, HELLO } from '../runtime/requests.mjs';

export default async ({ options, absent, cancelled }) => {
  const client = new OpenAI(options);
  const completions = client.chat.completions.stream
    ? client.chat.completions
    : client.beta?.chat?.completions;
  if (completions?.stream === undefined) return absent('stream');
  const helper = completions.stream(HELLO);
  helper.once('chunk', () => helper.abort());
  const outcome = await caught(() => helper.done());
  return { outcome, aborted: helper.aborted, errored: helper.errored, cancelled: await cancelled() };
};
