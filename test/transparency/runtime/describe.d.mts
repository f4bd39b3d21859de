export function describe(value: unknown): unknown;
