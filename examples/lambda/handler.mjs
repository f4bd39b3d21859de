import OpenAI from 'openai';
import { flush, span } from 'opentelemetry-instrumentation-openai/client';

const client = new OpenAI();

/** An AWS Lambda function. AWS may freeze the process between invocations, so unsent spans may be lost. */
export async function handler(event) {
  try {
    return await span('answer', async () => {
      const completion = await client.chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: event.question }],
      });
      return { statusCode: 200, body: completion.choices[0].message.content };
    });
  } finally {
    await flush();
  }
}
