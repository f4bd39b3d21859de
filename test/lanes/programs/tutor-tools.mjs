/** The one tool of every Math Tutor. */
export const NAME = 'solve';
export const DESCRIPTION = 'Solves an equation';
export const solve = ({ equation }) => `solved ${equation}`;
export const PARAMETERS = {
  type: 'object',
  properties: { equation: { type: 'string' } },
  required: ['equation'],
  additionalProperties: false,
};
export const QUESTION = 'What is x in 3x = 6?';
export const MODEL = 'gpt-4o-mini';
