import OpenAI from 'openai';
import { HELLO, WEATHER_PARAMETERS } from '../runtime/requests.mjs';

export default async ({ options, absent }) => {
  const client = new OpenAI(options);
  const completions = client.chat.completions.runTools
    ? client.chat.completions
    : client.beta?.chat?.completions;
  if (completions?.runTools === undefined) return absent('runTools');
  const calls = [];
  const weather = {
    name: 'get_weather',
    description: 'Tells the weather',
    parameters: WEATHER_PARAMETERS,
    parse: JSON.parse,
    function: async (input) => {
      calls.push(input);
      return 'sunny';
    },
  };
  const runner = completions.runTools({ ...HELLO, tools: [{ type: 'function', function: weather }] });
  return { content: await runner.finalContent(), calls, messages: runner.messages };
};
