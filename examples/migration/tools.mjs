/** The program's only function, which is the same with both APIs. */
export function convertLength({ kilometres }) {
  return `${(kilometres / 1.609344).toFixed(2)} miles`;
}

/** Describes the function to the model. */
export const CONVERT_LENGTH = {
  name: 'convert_length',
  description: 'Converts kilometres to miles.',
  parameters: { type: 'object', properties: { kilometres: { type: 'number' } }, required: ['kilometres'] },
};

export const INSTRUCTIONS = 'You are a math tutor. Answer in a sentence or less.';
export const MODEL = 'gpt-4o-mini';
