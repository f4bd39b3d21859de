import { type ApiItem, ApiItemContainerMixin } from '@microsoft/api-extractor-model';
import { OPTIONS } from '../../src/config/config.ts';
import { variableOf } from '../../src/config/option-parsers.ts';
import { descriptionOf } from './document.ts';

/** Finds a table in `docs/options.md`, and the names of its rows. */
const TABLE =
  /(<!-- Options, written by `npm run api-reference`: ([\w ]+) -->\n)[\s\S]*?(\n<!-- end of options -->)/g;
/** Finds a page of the documentation that a comment names. */
const PAGE = /`docs\/(([\w-]+)\.md(?:#[\w-]+)?)`/g;

/** Fills the tables of a document from the comments of the options and from `OPTIONS`. */
export function withOptionTables(document: string, exports: readonly ApiItem[]): string {
  const members = exports
    .filter(({ displayName }) => /^(?:OpenAIInstrumentationConfig|Hooks)$/.test(displayName))
    .flatMap((item) => (ApiItemContainerMixin.isBaseClassOf(item) ? item.members : []));
  const descriptions = new Map(members.map((member) => [member.displayName, descriptionOf(member)]));
  const used = new Set<string>();
  const filled = document.replace(TABLE, (_, start: string, names: string, end: string) => {
    const rows = names.split(' ').map((name) => {
      used.add(name);
      return rowOf(name, descriptions.get(name) ?? '');
    });
    return [`${start}`, '| option | environment variable | |', '| --- | --- | --- |', ...rows, end].join(
      '\n',
    );
  });
  const missing = [...descriptions.keys()].filter((name) => !used.has(name));
  if (missing.length > 0) throw new Error(`docs/options.md has no row for ${missing.join(', ')}`);
  return filled;
}

function rowOf(name: string, description: string): string {
  const option = Object.entries(OPTIONS).find(([each]) => each === name)?.[1];
  const variable = option && variableOf(name, option);
  const named = variable === undefined ? '' : `\`${variable}\``;
  if (description === '' || !description.endsWith(variable === undefined ? '' : ` ${named}.`))
    throw new Error(`The comment of ${name} does not end with its variable: ${description}`);
  const text = variable === undefined ? description : description.slice(0, -named.length - 2);
  return `| \`${name}\` | ${named} | ${text.replace(PAGE, '[$2]($1)')} |`;
}
