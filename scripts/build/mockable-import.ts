import type { Rolldown } from 'tsdown';

const IMPORT = "import { OpenAI } from 'openai';";

/** What the client class is read from. Tests replace `openai` by a module that has it under one of the names. */
const REPLACEMENTS = {
  cjs: "const openai = require('openai'); const OpenAI = openai.OpenAI ?? openai.default ?? openai;",
  esm: "import * as openai from 'openai'; const OpenAI = openai.OpenAI ?? openai.default;",
};

/** Lets the drop-in load where `openai` is a mock without the export `OpenAI`. The types have the class as it is. */
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
