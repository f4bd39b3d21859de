import OpenAI from 'openai';
import { recordEvaluation, withConversation } from 'opentelemetry-instrumentation-openai/client';

const client = new OpenAI();
const model = 'gpt-4o-mini';

/** Evaluates each answer. */
function evaluate({ id, choices }) {
  const words = choices[0].message.content.split(' ').length;
  recordEvaluation({
    responseId: id,
    name: 'brevity',
    score: words > 100 ? 0 : 1,
    label: words > 100 ? 'fail' : 'pass',
    explanation: `It has ${words} words.`,
  });
}

await withConversation('chat-7', async () => {
  for (const content of ['What is a derivative?', 'And an integral?']) {
    const completion = await client.chat.completions.create({ model, messages: [{ role: 'user', content }] });
    evaluate(completion);
    console.log(completion.choices[0].message.content);
  }
});

// Later, in another request: the user presses a button.
recordEvaluation({ conversationId: 'chat-7', name: 'thumbs', score: 1, label: 'up' });
