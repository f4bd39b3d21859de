// Vercel's AI SDK sends requests without `openai`, and has its own telemetry.
import { createOpenAI } from '@ai-sdk/openai';
import { OpenTelemetry } from '@ai-sdk/otel';
import { generateText, isStepCount, registerTelemetry, streamText, tool } from 'ai';
import { z } from 'zod';
import { DESCRIPTION, MODEL, NAME, QUESTION, solve } from './tutor-tools.mjs';
import { writeResult } from './write.cjs';

registerTelemetry(new OpenTelemetry());

const model = createOpenAI({ apiKey: 'test', baseURL: process.env.BASE_URL }).chat(MODEL);
const telemetry = { recordInputs: false, recordOutputs: false };

async function main() {
  const { text } = await generateText({
    model,
    prompt: QUESTION,
    tools: {
      [NAME]: tool({
        description: DESCRIPTION,
        inputSchema: z.object({ equation: z.string() }),
        execute: solve,
      }),
    },
    stopWhen: isStepCount(3),
    telemetry,
  });
  const pieces = [];
  for await (const piece of streamText({ model, prompt: 'And?', telemetry }).textStream) pieces.push(piece);
  return { text, streamed: pieces.join('') };
}

writeResult(await main());
