/**
 * The script and the style of the page, built from `page/` into this module by `scripts/page/assets.ts` whenever the
 * package is built or tested.
 */
export declare const PAGE_SCRIPT: string;
export declare const PAGE_STYLE: string;
