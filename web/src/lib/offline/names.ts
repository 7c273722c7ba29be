/** Names that the page and its service worker agree on. */
export const THUMBNAILS = 'thumbnails-1';
export const DATA = 'data-1';
export const SHARED = 'shared-files-1';
/** Marks an answer that came from this device because the server was out of reach. */
export const FROM_CACHE = 'x-from-cache';
