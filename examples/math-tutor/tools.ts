import type OpenAI from 'openai';

/** Length of each unit in metres. */
const UNITS: Readonly<Record<string, number>> = { m: 1, km: 1000, mi: 1609.344 };

/** How the model is told of the program's function. */
export const LENGTH_TOOL: OpenAI.Beta.FunctionTool = {
  type: 'function',
  function: {
    name: 'convert_length',
    description: 'Converts a length from one unit to another.',
    parameters: {
      type: 'object',
      properties: {
        value: { type: 'number' },
        from: { type: 'string', enum: Object.keys(UNITS) },
        to: { type: 'string', enum: Object.keys(UNITS) },
      },
      required: ['value', 'from', 'to'],
    },
  },
};

/** @param input the arguments as the model wrote them, in JSON */
export function convertLength(input: string): string {
  const { value, from, to } = JSON.parse(input) as { value: number; from: string; to: string };
  const metres = value * (UNITS[from] ?? Number.NaN);
  return `${(metres / (UNITS[to] ?? Number.NaN)).toFixed(2)} ${to}`;
}
