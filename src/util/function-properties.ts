/** Programs and the SDK itself compare and print functions: a wrapper has the name and length it stands for. */
export function copyFunctionProperties(from: FunctionProperties, to: FunctionProperties): void {
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(to, property, { value: from[property], configurable: true });
  }
}

export interface FunctionProperties {
  readonly name: string;
  readonly length: number;
}
