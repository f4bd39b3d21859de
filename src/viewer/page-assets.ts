/**
 * The script and the style of the page. `scripts/page/assets.ts` builds them from `page/` into this module whenever the
 * package is built or tested.
 */
export declare const PAGE_SCRIPT: string;
export declare const PAGE_STYLE: string;
