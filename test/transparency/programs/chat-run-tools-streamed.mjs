import OpenAI from 'openai';
import { HELLO, readAll, WEATHER_PARAMETERS } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const client = new OpenAI(options);
  const completions = client.chat.completions.runTools
    ? client.chat.completions
    : client.beta?.chat?.completions;
  if (completions?.runTools === undefined) return absent('runTools');
  const weather = {
    name: 'get_weather',
    description: 'Tells the weather',
    parameters: WEATHER_PARAMETERS,
    function: () => 'sunny',
  };
  const tools = [{ type: 'function', function: weather }];
  const runner = completions.runTools({ ...HELLO, tools, stream: true });
  const chunks = await readAll(runner);
  return { chunks, messages: runner.messages, final: await runner.finalContent() };
};
