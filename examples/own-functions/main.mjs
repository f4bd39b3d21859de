import OpenAI from 'openai';
import { span, traced, withMetadata } from 'opentelemetry-instrumentation-openai/client';

const client = new OpenAI();

/** Stands in for a database. */
async function findNotes(subject) {
  return `Notes on ${subject}`;
}

// Each call of this function gets a span. The question and the answer are recorded only with captureMessageContent.
const answer = traced({ name: 'answer', prompt: 'tutor-v2' }, async (question) => {
  const notes = await span('find notes', () => findNotes('calculus'));
  const response = await client.responses.create({
    model: 'gpt-4o-mini',
    instructions: `You are a tutor. ${notes}`,
    input: question,
  });
  return response.output_text;
});

// A call of a generator gets one span, which lasts until the last value.
const answerInWords = traced('answer in words', async function* (question) {
  const stream = await client.responses.create({ model: 'gpt-4o-mini', input: question, stream: true });
  for await (const event of stream) if (event.type === 'response.output_text.delta') yield event.delta;
});

// All spans below have the user's id.
await withMetadata(
  { userId: 'user-42', project: 'tutor', environment: 'staging', tags: ['beta'] },
  async () => {
    console.log(await answer('What is a derivative?'));
    for await (const word of answerInWords('And an integral?')) process.stdout.write(word);
    process.stdout.write('\n');
  },
);
