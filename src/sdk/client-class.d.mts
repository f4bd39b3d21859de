/** The client class. A mock of `openai` may have it only as its default export. */
export { OpenAI } from 'openai';
