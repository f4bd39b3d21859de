import { Ajv, type ValidateFunction } from 'ajv';
import { readSchema } from '../../../scripts/semconv/registry.ts';
import { contentAttributes, findAttribute } from './registry.ts';

/** On spans content is a JSON string, on log records a structured value. */
export type ContentForm = 'json' | 'structured';

/** Content is there only where it is allowed, and then valid against the schema that the conventions publish. */
export function checkContent(
  attributes: Record<string, unknown>,
  form: ContentForm,
  allowed: boolean | undefined,
): string[] {
  return Object.entries(attributes).flatMap(([name, value]) => {
    const definition = findAttribute(name);
    if (definition === undefined || !contentAttributes.has(definition.name)) return [];
    if (allowed === false) return [`${name} is content, which is not allowed here`];
    if (definition.name.startsWith('openai.trace.')) return checkJson(name, value);
    return definition.schema === undefined ? [] : checkValue(name, value, form, definition.schema);
  });
}

function checkValue(name: string, value: unknown, form: ContentForm, schema: string): string[] {
  if (form === 'structured') {
    return typeof value === 'string'
      ? [`${name} is a string, should be structured`]
      : checkShape(name, value, schema);
  }
  const invalid = checkJson(name, value);
  return invalid.length > 0 ? invalid : checkShape(name, JSON.parse(String(value)), schema);
}

function checkJson(name: string, value: unknown): string[] {
  if (typeof value !== 'string') return [`${name} should be a JSON string`];
  try {
    JSON.parse(value);
    return [];
  } catch {
    return [`${name} is not valid JSON`];
  }
}

function checkShape(name: string, value: unknown, schema: string): string[] {
  const validate = validator(schema);
  if (!validate(value)) {
    const [error] = validate.errors ?? [];
    return [`${name} does not match ${schema}: ${error?.instancePath || 'it'} ${error?.message ?? ''}`];
  }
  if (name.endsWith('.messages'))
    return (value as Message[]).flatMap((message) => checkMessage(name, message));
  return name === 'gen_ai.system_instructions' ? checkPartTypes(name, value as Part[]) : [];
}

interface Part {
  readonly type: string;
}

interface Message {
  readonly parts: readonly Part[];
  readonly finish_reason?: string | null;
}

/** The schemas admit any string as type of a part and as finish reason, so that a misspelt one would pass. */
const finishReasons: readonly unknown[] = [
  'stop',
  'length',
  'content_filter',
  'tool_call',
  'compaction',
  'error',
];
/** With our own types: the mark for what was not read, citations and refusals, for which the conventions have none. */
const partTypes: ReadonlySet<string> = new Set([
  'omitted',
  'citations',
  'refusal',
  ...['gen-ai-input-messages.json', 'gen-ai-output-messages.json'].flatMap(declaredPartTypes),
]);

function checkMessage(name: string, message: Message): string[] {
  const findings = checkPartTypes(name, message.parts);
  const reason = message.finish_reason;
  if (reason !== undefined && reason !== null && !finishReasons.includes(reason)) {
    findings.push(`${name} has the unknown finish reason "${reason}"`);
  }
  return findings;
}

function checkPartTypes(name: string, list: readonly Part[]): string[] {
  const unknown = list.filter((part) => !partTypes.has(part.type));
  return unknown.map((part) => `${name} has a part of the unknown type "${part.type}"`);
}

/** The types that the parts declared in a schema are fixed to. */
function declaredPartTypes(schema: string): string[] {
  const { $defs } = readSchema(schema) as {
    readonly $defs: Readonly<
      Record<string, { readonly properties?: { readonly type?: { readonly const?: string } } }>
    >;
  };
  return Object.values($defs).flatMap(({ properties }) => properties?.type?.const ?? []);
}

// Ajv knows the draft-07 meta-schema, to which the schema of tool definitions refers.
const ajv = new Ajv({ strict: false, validateFormats: false });
const validators = new Map<string, ValidateFunction>();

function validator(schema: string): ValidateFunction {
  const known = validators.get(schema) ?? ajv.compile(readSchema(schema));
  validators.set(schema, known);
  return known;
}
