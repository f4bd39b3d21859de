/** The result of an export, as the SDK's `ExportResult` has it: `ExportResultCode` 0 is success, 1 failure. */
export interface ExportResult {
  code: number;
  error?: Error;
}
