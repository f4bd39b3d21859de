import { AzureOpenAI } from 'openai';

// AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY say where, and as whom.
const client = new AzureOpenAI({ apiVersion: '2024-10-21', deployment: 'tutor' });

const completion = await client.chat.completions.create({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is a derivative?' }],
});

console.log(completion.choices[0].message.content);
