import type OpenAI from 'openai';

/** The length of each unit in meters. */
const UNITS: Readonly<Record<string, number>> = { m: 1, km: 1000, mi: 1609.344 };

const DESCRIPTION = {
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
};

/** Describes the program's function to an assistant. */
export const LENGTH_TOOL: OpenAI.Beta.FunctionTool = { type: 'function', function: DESCRIPTION };

/** Describes the program's function to the Responses API. */
export const LENGTH_FUNCTION: OpenAI.Responses.FunctionTool = {
  type: 'function',
  strict: false,
  ...DESCRIPTION,
};

/** @param input the model's arguments, as JSON */
export function convertLength(input: string): string {
  const { value, from, to } = JSON.parse(input) as { value: number; from: string; to: string };
  const metres = value * (UNITS[from] ?? Number.NaN);
  return `${(metres / (UNITS[to] ?? Number.NaN)).toFixed(2)} ${to}`;
}
