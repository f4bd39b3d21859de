/** The parts of a JSON schema that decide what a smallest valid value looks like. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** A value for a tool's arguments or a structured answer; the same schema always gives the same value. */
export function sampleOf(schema: unknown): unknown {
  const { type, const: fixed, enum: choices, anyOf, properties = {}, items } = (schema ?? {}) as Schema;
  if (fixed !== undefined) return fixed;
  if (choices !== undefined) return choices[0];
  if (anyOf !== undefined) return sampleOf(anyOf[0]);
  switch (typeof type === 'string' ? type : type?.[0]) {
    case 'string':
      return 'simulated';
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return [sampleOf(items)];
    default:
      return Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, sampleOf(property)]),
      );
  }
}
