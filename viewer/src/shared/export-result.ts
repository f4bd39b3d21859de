/** The `ExportResult` of OpenTelemetry's SDK. The code 0 means success, 1 means failure. */
export interface ExportResult {
  code: number;
  error?: Error;
}

export const SUCCESS: ExportResult = Object.freeze({ code: 0 });

export function failed(error: unknown): ExportResult {
  return { code: 1, error: error instanceof Error ? error : new Error(String(error)) };
}
