import OpenAI from 'openai';

export async function GET() {
  const completion = await new OpenAI().chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'What is a route?' }],
  });
  return Response.json({ answer: completion.choices[0]?.message.content });
}
