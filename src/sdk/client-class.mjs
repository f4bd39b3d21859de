import * as openai from 'openai';

// No TypeScript: a constant would lack the namespace of the class, which has types such as `OpenAI.Chat`.
// To an ES module, all of a CommonJS module is a default export, which may have one itself.
export const OpenAI = openai.OpenAI ?? openai.default?.default ?? openai.default;
