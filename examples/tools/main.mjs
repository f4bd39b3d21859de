import OpenAI from 'openai';
import { span } from 'opentelemetry-instrumentation-openai/client';

const client = new OpenAI();

const WEATHER = { Oslo: 'snow', Rome: 'sun' };

/** The SDK calls this function when the model requests it. Requests that it makes are below its span. */
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

/** Asks the model, calls the requested function, and asks again. All of this is below one span. */
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
