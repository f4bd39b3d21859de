/** The one function of the program, which neither API changes. */
export function convertLength({ kilometres }) {
  return `${(kilometres / 1.609344).toFixed(2)} miles`;
}

/** How the model is told of it. */
export const CONVERT_LENGTH = {
  name: 'convert_length',
  description: 'Converts kilometres to miles.',
  parameters: { type: 'object', properties: { kilometres: { type: 'number' } }, required: ['kilometres'] },
};

export const INSTRUCTIONS = 'You are a math tutor. Answer in a sentence or less.';
export const MODEL = 'gpt-4o-mini';
