// What most programs ask for.
export const HELLO = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello there' }] };

/** An error as a value, so that two runs compare all of it. */
export async function caught(run) {
  try {
    return { value: await run() };
  } catch (error) {
    return { thrown: error };
  }
}

/** What a stream yields, and how it ends. */
export async function readAll(stream) {
  const items = [];
  try {
    for await (const item of stream) items.push(item);
    return { items, end: 'completed' };
  } catch (error) {
    return { items, end: error };
  }
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A schema of which the SDK parses the answer; absent where the SDK has no such helper. */
export function answerFormat() {
  const schema = {
    type: 'object',
    properties: { answer: { type: 'string' } },
    required: ['answer'],
    additionalProperties: false,
  };
  return { name: 'answer', strict: true, schema };
}

export const WEATHER_PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };
