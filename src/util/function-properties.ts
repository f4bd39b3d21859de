/** Gives a wrapper the name and length of the function it wraps: programs and the SDK compare and print functions. */
export function copyFunctionProperties(from: FunctionProperties, to: FunctionProperties): void {
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(to, property, { value: from[property], configurable: true });
  }
}

export interface FunctionProperties {
  readonly name: string;
  readonly length: number;
}
