import { AzureOpenAI } from 'openai';

// The client reads the variables AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY.
const client = new AzureOpenAI({ apiVersion: '2024-10-21', deployment: 'tutor' });

const completion = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is a derivative?' }],
});

console.log(completion.choices[0].message.content);
