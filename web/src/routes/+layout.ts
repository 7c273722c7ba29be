/** The app is drawn in the browser only: the server ships files and answers the API. */
export const ssr = false;
export const prerender = false;
