// Nothing in this file mentions OpenTelemetry.
import OpenAI from 'openai';

const client = new OpenAI();
const model = 'gpt-4o-mini';

const { data } = await client.embeddings.create({
  model: 'text-embedding-3-small',
  input: ['How do I reset my password?', 'How do I cancel my contract?'],
});
const answer = await client.responses.create({ model, input: 'How do I reset my password?' });

console.log(`${data.length} questions known. ${answer.output_text}`);
