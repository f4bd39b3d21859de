/** Builds the script and the style of the trace page, for builds and tests. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'rolldown';

const FOLDER = fileURLToPath(new URL('../../viewer/src/page/', import.meta.url));
const MODULE = fileURLToPath(new URL('../../viewer/src/page-assets.ts', import.meta.url));

/** Gives `viewer/src/page-assets.ts` its constants. */
export function pageAssets(): Plugin {
  return {
    name: 'page-assets',
    async load(id) {
      if (id !== MODULE) return null;
      const { script, style } = await pageConstants();
      return `export const PAGE_SCRIPT = ${JSON.stringify(script)};\nexport const PAGE_STYLE = ${JSON.stringify(style)};\n`;
    },
  };
}

/** The minified script and style of the page. */
export async function pageConstants(): Promise<{ readonly script: string; readonly style: string }> {
  const [script, style] = await Promise.all([buildScript(), buildStyle()]);
  return { script, style };
}

/** Finds rules of markdown-it that are left out: for HTML, and for syntax that models seldom write. */
const LEFT_OUT =
  /markdown-it\/lib\/rules_\w+\/(?:autolink|entity|html_block|html_inline|image|lheading|linkify|reference|replacements|smartquotes|strikethrough)\.mjs$/;
const NO_RULE =
  'const none = () => false; export default Object.assign(none, { tokenize: none, postProcess: none });';
/** Replacement for markdown-it's lists of rules, which the page does not change. */
const RULER = `export default class {
  rules = [];
  chains = new Map();
  push(name, rule, { alt = [] } = {}) {
    this.rules.push({ rule, alt });
  }
  getRules(chain) {
    if (!this.chains.has(chain))
      this.chains.set(chain, this.rules.filter(({ alt }) => chain === '' || alt.includes(chain)).map(({ rule }) => rule));
    return this.chains.get(chain);
  }
}`;
/** Replaces packages with large tables. Character references and addresses stay as written, and browsers know Unicode. */
const REPLACED: Readonly<Record<string, string>> = {
  entities: 'export const decodeHTML = (text) => text;',
  mdurl: 'export const parse = String, format = String, encode = String, decode = String;',
  'linkify-it': 'export default class {}',
  'punycode.js': 'export default {};',
  'uc.micro': 'export const P = /\\p{P}/u; export const S = /\\p{S}/u;',
};

/** Leaves out the half of markdown-it that the page does not use. */
const smallMarkdown: Plugin = {
  name: 'small-markdown',
  resolveId: (source) => (Object.hasOwn(REPLACED, source) ? `\0${source}` : null),
  load(id) {
    const path = id.replaceAll('\\', '/');
    if (path.endsWith('/markdown-it/lib/ruler.mjs')) return RULER;
    if (LEFT_OUT.test(path)) return NO_RULE;
    return REPLACED[id.slice(1)] ?? null;
  },
};

async function buildScript(): Promise<string> {
  const { output } = await build({
    input: `${FOLDER}main.tsx`,
    write: false,
    platform: 'browser',
    output: { format: 'iife', minify: true, comments: false },
    transform: {
      target: 'es2023',
      // Calls of the classic runtime are shorter than those of the automatic one.
      jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment' },
      inject: { h: ['preact', 'h'], Fragment: ['preact', 'Fragment'] },
    },
    plugins: [smallMarkdown],
  });
  const script = output[0].code.trim();
  if (/<\/script|<!--/i.test(script)) throw new Error('The script of the page would end its element.');
  return script;
}

async function buildStyle(): Promise<string> {
  const style = await readFile(`${FOLDER}page.css`, 'utf8');
  return style
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,>]) ?/g, '$1')
    .replaceAll(': ', ':')
    .replaceAll(';}', '}')
    .trim();
}
