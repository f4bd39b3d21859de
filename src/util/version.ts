export { NAME } from 'openai-traces-viewer/shared/names.ts';

/** The version in package.json. A test checks that they are equal. */
export const VERSION = '0.1.0';
