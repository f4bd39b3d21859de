import OpenAI from 'openai';
import { HELLO, WEATHER_PARAMETERS } from '../runtime/requests.mjs';

export default async ({ options }) => {
  const client = new OpenAI(options);
  // Frozen all the way down: nothing can be written into what the program hands over.
  const freeze = (value) => {
    for (const item of Object.values(value)) if (typeof item === 'object') freeze(item);
    return Object.freeze(value);
  };
  const tool = {
    type: 'function',
    function: { name: 'get_weather', parameters: structuredClone(WEATHER_PARAMETERS) },
  };
  const parameters = freeze(structuredClone({ ...HELLO, tools: [tool], metadata: { a: 'b' } }));
  const requestOptions = freeze({ headers: { 'x-own': 'own' } });
  const before = JSON.stringify([parameters, requestOptions]);
  const value = await client.chat.completions.create(parameters, requestOptions);
  return { value, same: JSON.stringify([parameters, requestOptions]) === before };
};
