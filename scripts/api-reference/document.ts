import {
  ApiDeclaredItem,
  type ApiDocumentedItem,
  type ApiItem,
  ApiItemContainerMixin,
  ApiItemKind,
  ApiParameterListMixin,
} from '@microsoft/api-extractor-model';
import type { DocComment } from '@microsoft/tsdoc';
import { indexOf, linkTo } from '../page-index.ts';
import { markdownOf, oneLine, returnsOf } from './comment.ts';

/** An entry point of the package, with its exports. */
export interface Entry {
  /** The path that programs import. */
  readonly specifier: string;
  readonly exports: readonly ApiItem[];
}

const HEADER = `# API reference

<!-- Written by \`npm run api-reference\` from the types of the package. Do not edit. -->

Each entry point and its exports: values first, then types. A type that several entry points export is described once.
`;

/** The start of the text that the extractor adds to a constructor without a comment. */
const OF_THE_TOOL = 'Constructs a new instance of';

/** Renders the reference as one page. */
export function documentOf(entries: readonly Entry[]): string {
  const described = new Set<string>();
  const sections = entries.map((entry) => sectionOf(entry, described)).join('\n');
  const text = [HEADER, `${indexOf(sections)}\n`, sections].join('\n');
  return text.replace(/\n{3,}/g, '\n\n');
}

function sectionOf({ specifier, exports }: Entry, described: Set<string>): string {
  const fresh = exports.filter((item) => !described.has(nameOf(item)));
  const known = exports.filter((item) => described.has(nameOf(item)));
  for (const item of fresh) described.add(nameOf(item));
  const items = [...fresh.filter(isValue), ...fresh.filter((item) => !isValue(item))];
  const again = known.map((item) => linkTo(nameOf(item), `\`${nameOf(item)}\``)).join(', ');
  const note = known.length === 0 ? [] : [`Also exports the types ${again}.\n`];
  return [`## \`${specifier}\`\n`, ...note, ...items.map(describe)].join('\n');
}

function describe(item: ApiItem): string {
  const comment = commentOf(item);
  const parts = [`### ${nameOf(item)}\n`, `${markdownOf(comment?.summarySection)}\n`];
  if (!ApiItemContainerMixin.isBaseClassOf(item) || item.members.length === 0) parts.push(signatureOf(item));
  if (ApiParameterListMixin.isBaseClassOf(item)) parts.push(parametersOf(item));
  if (ApiItemContainerMixin.isBaseClassOf(item)) parts.push(membersOf(item.members));
  const returns = returnsOf(comment);
  if (returns !== '') parts.push(`Returns ${returns}.\n`);
  return parts.filter((part) => part.trim() !== '').join('\n');
}

function parametersOf(item: ApiParameterListMixin): string {
  const rows = item.parameters
    .map(({ name, tsdocParamBlock }) => [name, oneLine(tsdocParamBlock?.content)] as const)
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `- \`${name}\`: ${text}`);
  return rows.length === 0 ? '' : `${rows.join('\n')}\n`;
}

function membersOf(members: readonly ApiItem[]): string {
  if (members.length === 0) return '';
  const rows = members.map((member) => `| ${cell(declarationOf(member))} | ${descriptionOf(member)} |`);
  return ['| member | |', '| --- | --- |', ...rows, ''].join('\n');
}

/** The comment of a member, on one line. */
export function descriptionOf(member: ApiItem): string {
  const comment = commentOf(member);
  const parameters = ApiParameterListMixin.isBaseClassOf(member)
    ? parametersOf(member).replace(/^- /gm, '').replace(/\n/g, ' ').trim()
    : '';
  return [oneLine(comment?.summarySection), parameters, returnsOf(comment)]
    .filter((each) => each !== '' && !each.startsWith(OF_THE_TOOL))
    .join('. ');
}

function signatureOf(item: ApiItem): string {
  return `\`\`\`typescript\n${declarationOf(item)}\n\`\`\`\n`;
}

function declarationOf(item: ApiItem): string {
  const text = item instanceof ApiDeclaredItem ? item.excerpt.text : item.displayName;
  return text.replace(/^(export )?(declare )?(readonly )?|;$/g, '').trim();
}

function cell(code: string): string {
  return `\`${code.replace(/\s+/g, ' ').replaceAll('|', '\\|')}\``;
}

/** The name of an export. The compiler adds a number to types with the same name as a type of the language. */
function nameOf(item: ApiItem): string {
  return item.displayName.replace(/_\d+$/, '');
}

function isValue({ kind }: ApiItem): boolean {
  return [ApiItemKind.Class, ApiItemKind.Function, ApiItemKind.Variable].includes(kind);
}

function commentOf(item: ApiItem): DocComment | undefined {
  return (item as Partial<ApiDocumentedItem>).tsdocComment;
}
