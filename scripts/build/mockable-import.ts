import type { Rolldown } from 'tsdown';

const IMPORT = "import { OpenAI } from 'openai';";

/** The code that reads the client class. A mock of `openai` may have it under one of several names. */
const REPLACEMENTS = {
  cjs: "const openai = require('openai'); const OpenAI = openai.OpenAI ?? openai.default ?? openai;",
  esm: "import * as openai from 'openai'; const OpenAI = openai.OpenAI ?? openai.default;",
};

/** Lets the drop-in entry load if `openai` is a mock without the export `OpenAI`. Types still import the real class. */
export function mockableImport(format: keyof typeof REPLACEMENTS): Rolldown.Plugin {
  return {
    name: 'mockable-import',
    transform(code, id) {
      if (!id.endsWith('/src/openai.ts')) return undefined;
      if (!code.includes(IMPORT)) throw new Error(`${id} has no line ${IMPORT}`);
      return code.replace(IMPORT, REPLACEMENTS[format]);
    },
  };
}
