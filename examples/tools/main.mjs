import OpenAI from 'openai';
import { span } from 'opentelemetry-instrumentation-openai/client';

const client = new OpenAI();

const WEATHER = { Oslo: 'snow', Rome: 'sun' };

/** Called by the SDK when the model asks for it. What it asks for itself is below its span. */
async function getWeather({ city }) {
  return `In ${city} there is ${WEATHER[city] ?? 'weather'}.`;
}

const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'What the weather is like in a city.',
      parse: JSON.parse,
      function: getWeather,
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];

/** Asks the model, calls the function that it wants called, asks again: all that is below one span. */
const answer = await span('weather report', () =>
  client.chat.completions
    .runTools({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'What is the weather in Oslo?' }],
      tools,
    })
    .finalContent(),
);

console.log(answer);
