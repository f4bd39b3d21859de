/** The result of an export, as the SDK's `ExportResult` has it: `ExportResultCode` 0 is success, 1 failure. */
export interface ExportResult {
  code: number;
  error?: Error;
}

export const SUCCESS: ExportResult = Object.freeze({ code: 0 });

/** @param error what was thrown, or why nothing was tried */
export function failed(error: unknown): ExportResult {
  return { code: 1, error: error instanceof Error ? error : new Error(String(error)) };
}
